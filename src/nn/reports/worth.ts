import type { ConfusionCounts } from './classification.ts';
import { scoresByClass } from './classification.ts';

/** What answers are worth beside the plainest of all: one class for every image. */
export interface Worth {
  /** The share of images that are given their own class; 0 without images. */
  readonly accuracy: number;
  /** The most frequent class (of equals the first) and its share, on which that class for every image would be right. */
  readonly majority: { readonly label: number; readonly share: number };
  /** Classes that have images and are given to none, in the classes' order. */
  readonly neverGiven: readonly number[];
}

/** The worth of the answers that a confusion counts. */
export function worthOf(confusion: ConfusionCounts): Worth {
  const classes = scoresByClass(confusion);
  const count = classes.reduce((sum, { images }) => sum + images, 0);
  const right = confusion.reduce((sum, row, label) => sum + (row[label] as number), 0);
  const label = classes.reduce((best, { images }, own) => (images > (classes[best]?.images ?? 0) ? own : best), 0);
  const share = (part: number): number => (count === 0 ? 0 : part / count);
  return {
    accuracy: share(right),
    majority: { label, share: share(classes[label]?.images ?? 0) },
    neverGiven: classes.flatMap(({ images, given }, own) => (images > 0 && given === 0 ? [own] : [])),
  };
}

/** Whose answers they are, to which images, and what their classes are called. */
export interface Answers {
  /** Begins a sentence: `the teacher of fold 2`. */
  readonly who: string;
  /** Ends one: `held-out images`. */
  readonly images: string;
  readonly classes: readonly string[];
}

/** Names that a message lists; of more it says how many. */
const LISTED = 5;

const listed = (names: readonly string[]): string =>
  names.length <= LISTED ? names.join(', ') : `${names.slice(0, LISTED).join(', ')} and ${names.length - LISTED} more`;

/** Whether answers are no better than the most frequent class for every image. */
const isWorthless = ({ accuracy, majority }: Worth): boolean => accuracy <= majority.share;

/** The worth in one line, for a log. */
export function describeWorth({ accuracy, majority, neverGiven }: Worth, { who, images, classes }: Answers): string {
  const never =
    neverGiven.length === 0 ? 'every class is given' : `never given: ${listed(neverGiven.map((label) => String(classes[label])))}`;
  return `${who} is right on ${accuracy.toFixed(4)} of the ${images}; always "${classes[majority.label]}" is on ${majority.share.toFixed(4)}; ${never}`;
}

/**
 * Why answers are to be doubted, with what to try: they are right no more often than one class for every image is, or a class that has
 * images is never given. Undefined if nothing is wrong; one class or no image is no question.
 */
export function doubtOf(worth: Worth, { who, images, classes }: Answers): string | undefined {
  const { accuracy, majority, neverGiven } = worth;
  if (classes.length < 2 || majority.share === 0) return undefined;
  const names = listed(neverGiven.map((label) => `"${classes[label]}"`));
  const never = neverGiven.length === 0 ? '' : `never gives ${names}`;
  if (isWorthless(worth)) {
    const beside = `where "${classes[majority.label]}" for every image is on ${majority.share.toFixed(4)}`;
    return `${who} is right on ${accuracy.toFixed(4)} of the ${images}, ${beside}${never === '' ? '' : `, and ${never}`}: ${remedy}`;
  }
  return never === '' ? undefined : `${who} ${never}, of which there are some among the ${images}: ${remedy}`;
}

const remedy = 'train for longer, with another lr or other sampling, without mixing, or from pretrained weights';
