import type { Pixels } from '../images/decode.ts';

/** An exported model that gives logits (images × classes) for normalised images. Who opens it closes it. */
export interface Classifier {
  /** @param images count × the numbers of an image, float32, in the layout that the model takes */
  logits(images: Float32Array, count: number): Promise<Float32Array>;
  close(): Promise<void>;
}

/** An exported model that takes pictures of any size, resizing inside, and gives the probabilities of the classes. Who opens it closes it. */
export interface PictureClassifier {
  probabilities(picture: Pixels): Promise<Float32Array>;
  close(): Promise<void>;
}
