// Stillroom's own operations of TensorFlow, for graphs that train on a CPU: registered when the addon is loaded.
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>
#include "depthwise.h"
#include "normalise.h"
#include "tensorflow.h"

namespace {

/** A status that is deleted with its scope. */
class Status {
 public:
  Status() : own_(TF_NewStatus()) {}
  ~Status() { TF_DeleteStatus(own_); }
  Status(const Status&) = delete;
  TF_Status* get() const { return own_; }
  bool ok() const { return TF_GetCode(own_) == TF_OK; }

 private:
  TF_Status* own_;
};

using Extents = std::vector<int64_t>;

/** One call of an operation: its inputs and outputs, which are freed with it. After an error all of its answers are empty. */
class Call {
 public:
  explicit Call(TF_OpKernelContext* context) : context_(context) {}
  ~Call() {
    for (TF_Tensor* tensor : held_) TF_DeleteTensor(tensor);
    if (!status_.ok()) TF_OpKernelContext_Failure(context_, status_.get());
  }

  bool ok() const { return status_.ok(); }

  /** Fails the call unless something holds. */
  void expect(bool holds, const char* what) {
    if (ok() && !holds) TF_SetStatus(status_.get(), TF_INVALID_ARGUMENT, what);
  }

  const float* input(int index, Extents* extents = nullptr, int dimensions = 0) {
    TF_Tensor* tensor = nullptr;
    if (ok()) TF_GetInput(context_, index, &tensor, status_.get());
    if (tensor == nullptr) return nullptr;
    held_.push_back(tensor);
    if (extents == nullptr) return static_cast<const float*>(TF_TensorData(tensor));
    for (int axis = 0; axis < TF_NumDims(tensor); axis++) extents->push_back(TF_Dim(tensor, axis));
    expect(int(extents->size()) == dimensions, "A tensor has another number of dimensions than the operation takes.");
    return static_cast<const float*>(TF_TensorData(tensor));
  }

  float* output(int index, const Extents& extents) {
    if (!ok()) return nullptr;
    int64_t size = sizeof(float);
    for (const int64_t extent : extents) size *= extent;
    return held(TF_AllocateOutput(context_, index, TF_FLOAT, extents.data(), int(extents.size()), size, status_.get()));
  }

  /** An output that may take an input's place, where nothing else reads that. */
  float* output_in_place_of(int input, int index, const Extents& extents) {
    if (!ok()) return nullptr;
    const int dimensions = int(extents.size());
    return held(TF_ForwardInputOrAllocateOutput(context_, &input, 1, index, extents.data(), dimensions, nullptr, status_.get()));
  }

 private:
  float* held(TF_Tensor* tensor) {
    if (tensor == nullptr) return nullptr;
    held_.push_back(tensor);
    return static_cast<float*>(TF_TensorData(tensor));
  }

  TF_OpKernelContext* context_;
  Status status_;
  std::vector<TF_Tensor*> held_;
};

/** An operation's attributes. */
struct Attributes {
  int64_t activation = 0;
  float epsilon = 0;
  int64_t stride = 1, top = 0, left = 0, height = 0, width = 0;
};

int64_t integer(TF_OpKernelConstruction* construction, const char* name) {
  const Status status;
  int64_t value = 0;
  TF_OpKernelConstruction_GetAttrInt64(construction, name, &value, status.get());
  if (!status.ok()) TF_OpKernelConstruction_Failure(construction, status.get());
  return value;
}

void* normalising(TF_OpKernelConstruction* construction) {
  const Status status;
  auto* own = new Attributes;
  own->activation = integer(construction, "activation");
  TF_OpKernelConstruction_GetAttrFloat(construction, "epsilon", &own->epsilon, status.get());
  if (!status.ok()) TF_OpKernelConstruction_Failure(construction, status.get());
  return own;
}

void* convolving(TF_OpKernelConstruction* construction) {
  auto* own = new Attributes;
  own->stride = integer(construction, "stride");
  own->top = integer(construction, "top");
  own->left = integer(construction, "left");
  own->height = integer(construction, "height");
  own->width = integer(construction, "width");
  return own;
}

void forget(void* attributes) { delete static_cast<Attributes*>(attributes); }

int64_t product(const Extents& extents) {
  int64_t size = 1;
  for (const int64_t extent : extents) size *= extent;
  return size;
}

/** What the two operations of batch norm have in common: inputs from `first` on are x, scale and offset. */
Normalised normalised(Call& call, int first, const Attributes& own, Extents* extents) {
  const float* x = call.input(first, extents, 4);
  Extents of_scale, of_offset;
  const float* scale = call.input(first + 1, &of_scale, 1);
  const float* offset = call.input(first + 2, &of_offset, 1);
  if (!call.ok()) return {};
  const int64_t channels = extents->back();
  call.expect(of_scale[0] == channels && of_offset[0] == channels && product(*extents) > 0, "Batch norm's extents do not fit.");
  call.expect(own.activation >= 0 && own.activation < kActivations, "There is no such activation.");
  return {x, (*extents)[0], product(*extents) / (*extents)[0], channels, scale, offset, Activation(own.activation)};
}

void run_normalise(void* attributes, TF_OpKernelContext* context) {
  const auto& own = *static_cast<Attributes*>(attributes);
  Call call(context);
  Extents extents;
  const Normalised of = normalised(call, 0, own, &extents);
  const Extents each{of.channels};
  float* y = call.output(0, extents);
  const Statistics statistics{call.output(1, each), call.output(3, each)};
  float* variance = call.output(2, each);
  if (call.ok()) normalise(of, own.epsilon, y, variance, statistics);
}

/** What a batch norm's gradients read: a slope and what the batch norm read and gave. */
struct Sloped {
  Extents extents;
  const float* dy;
  Normalised of;
  Statistics statistics;
};

Sloped sloped(Call& call, const Attributes& own) {
  Sloped result;
  Extents of_dy;
  result.dy = call.input(0, &of_dy, 4);
  result.of = normalised(call, 1, own, &result.extents);
  result.statistics = {const_cast<float*>(call.input(4)), const_cast<float*>(call.input(5))};
  call.expect(of_dy == result.extents, "A gradient has other extents than its value.");
  return result;
}

void differentiate(Call& call, const Sloped& own, Gate gate) {
  const Extents each{own.of.channels};
  float* dx = call.output_in_place_of(0, 0, own.extents);
  float* d_scale = call.output(1, each);
  float* d_offset = call.output(2, each);
  if (call.ok()) normalise_gradient(own.of, own.statistics, own.dy, gate, {dx, d_scale, d_offset});
}

void run_normalise_gradient(void* attributes, TF_OpKernelContext* context) {
  Call call(context);
  differentiate(call, sloped(call, *static_cast<Attributes*>(attributes)), {nullptr, nullptr});
}

void run_gated_normalise_gradient(void* attributes, TF_OpKernelContext* context) {
  Call call(context);
  const Sloped own = sloped(call, *static_cast<Attributes*>(attributes));
  Extents of_factor, of_added;
  const Gate gate{call.input(6, &of_factor, 4), call.input(7, &of_added, 4)};
  if (!call.ok()) return;
  const int64_t size = own.of.images * own.of.channels;
  call.expect(product(of_factor) == size && product(of_added) == size, "A gate has other extents than its value.");
  differentiate(call, own, gate);
}

void run_gate_gradient(void* attributes, TF_OpKernelContext* context) {
  Call call(context);
  const Sloped own = sloped(call, *static_cast<Attributes*>(attributes));
  float* d_gate = call.ok() ? call.output(0, {own.of.images, 1, 1, own.of.channels}) : nullptr;
  if (call.ok()) gate_gradient(own.of, own.statistics, own.dy, d_gate);
}

/** A convolution of an image of these extents with an output of those. */
Depthwise convolved(const Attributes& own, const Extents& image, const Extents& out, int64_t kernel) {
  return {image[0], image[1], image[2], image[3], kernel, own.stride, own.top, own.left, out[1], out[2]};
}

void expect_kernel(Call& call, const Attributes& own, int64_t kernel) {
  call.expect((kernel == 3 || kernel == 5) && (own.stride == 1 || own.stride == 2), "Such a depthwise kernel or stride is not known here.");
}

void run_depthwise(void* attributes, TF_OpKernelContext* context) {
  const auto& own = *static_cast<Attributes*>(attributes);
  Call call(context);
  Extents image, kernel;
  const float* x = call.input(0, &image, 4);
  const float* weights = call.input(1, &kernel, 4);
  if (!call.ok()) return;
  expect_kernel(call, own, kernel[0]);
  const Extents out{image[0], own.height, own.width, image[3]};
  float* y = call.output(0, out);
  if (call.ok()) depthwise(convolved(own, image, out, kernel[0]), x, weights, y);
}

void run_depthwise_input_gradient(void* attributes, TF_OpKernelContext* context) {
  const auto& own = *static_cast<Attributes*>(attributes);
  Call call(context);
  Extents kernel, out;
  const float* weights = call.input(0, &kernel, 4);
  const float* dy = call.input(1, &out, 4);
  if (!call.ok()) return;
  expect_kernel(call, own, kernel[0]);
  const Extents image{out[0], own.height, own.width, out[3]};
  float* dx = call.output(0, image);
  if (call.ok()) depthwise_input_gradient(convolved(own, image, out, kernel[0]), weights, dy, dx);
}

/** Here `height` and `width` are the kernel's. */
void run_depthwise_weights_gradient(void* attributes, TF_OpKernelContext* context) {
  const auto& own = *static_cast<Attributes*>(attributes);
  Call call(context);
  Extents image, out;
  const float* x = call.input(0, &image, 4);
  const float* dy = call.input(1, &out, 4);
  if (!call.ok()) return;
  expect_kernel(call, own, own.height);
  float* d_weights = call.output(0, {own.height, own.height, image[3], 1});
  if (call.ok()) depthwise_weights_gradient(convolved(own, image, out, own.height), x, dy, d_weights);
}

/** An operation as TensorFlow is told of it. */
struct Operation {
  const char* name;
  std::vector<const char*> inputs, outputs, attributes;
  void* (*create)(TF_OpKernelConstruction*);
  void (*run)(void*, TF_OpKernelContext*);
};

void unknown_shapes(TF_ShapeInferenceContext* context, TF_Status* status) { TF_ShapeInferenceContextSetUnknownShape(context, status); }

void check(const Status& status, const char* name) {
  if (status.ok()) return;
  std::fprintf(stderr, "The operation %s could not be registered: %s\n", name, TF_Message(status.get()));
  std::abort();
}

void add(const Operation& operation) {
  TF_OpDefinitionBuilder* definition = TF_NewOpDefinitionBuilder(operation.name);
  for (const char* input : operation.inputs) TF_OpDefinitionBuilderAddInput(definition, input);
  for (const char* output : operation.outputs) TF_OpDefinitionBuilderAddOutput(definition, output);
  for (const char* attribute : operation.attributes) TF_OpDefinitionBuilderAddAttr(definition, attribute);
  TF_OpDefinitionBuilderSetShapeInferenceFunction(definition, unknown_shapes);
  const Status defined, built;
  TF_RegisterOpDefinition(definition, defined.get());
  check(defined, operation.name);
  TF_RegisterKernelBuilder(operation.name, TF_NewKernelBuilder(operation.name, "CPU", operation.create, operation.run, forget), built.get());
  check(built, operation.name);
}

const bool added = [] {
  const std::vector<const char*> extents{"stride: int", "top: int", "left: int", "height: int", "width: int"};
  const std::vector<const char*> norm{"activation: int", "epsilon: float"};
  const std::vector<const char*> sloped{"dy: float", "x: float", "scale: float", "offset: float", "mean: float", "inverse: float"};
  std::vector<const char*> gated = sloped;
  gated.insert(gated.end(), {"gate: float", "added: float"});
  const std::vector<const char*> slopes{"dx: float", "d_scale: float", "d_offset: float"};
  add({"StillroomNormalise",
       {"x: float", "scale: float", "offset: float"},
       {"y: float", "mean: float", "variance: float", "inverse: float"},
       norm,
       normalising,
       run_normalise});
  add({"StillroomNormaliseGradient", sloped, slopes, norm, normalising, run_normalise_gradient});
  add({"StillroomGatedNormaliseGradient", gated, slopes, norm, normalising, run_gated_normalise_gradient});
  add({"StillroomGateGradient", sloped, {"d_gate: float"}, norm, normalising, run_gate_gradient});
  add({"StillroomDepthwise", {"x: float", "weights: float"}, {"y: float"}, extents, convolving, run_depthwise});
  add({"StillroomDepthwiseInputGradient", {"weights: float", "dy: float"}, {"dx: float"}, extents, convolving, run_depthwise_input_gradient});
  add({"StillroomDepthwiseWeightsGradient", {"x: float", "dy: float"}, {"d_weights: float"}, extents, convolving,
       run_depthwise_weights_gradient});
  return true;
}();

}  // namespace
