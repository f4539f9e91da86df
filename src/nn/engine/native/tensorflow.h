// What operations use of TensorFlow's C API. Its own header of this, `tensorflow/c/kernels.h`, asks for others that the engine's folder does
// not hold.
#pragma once
#include <cstddef>
#include <cstdint>
#include "tensorflow/c/ops.h"
#include "tensorflow/c/tf_status.h"
#include "tensorflow/c/tf_tensor.h"

extern "C" {

struct TF_KernelBuilder;
struct TF_OpKernelConstruction;
struct TF_OpKernelContext;

TF_KernelBuilder* TF_NewKernelBuilder(const char* operation, const char* device, void* (*create)(TF_OpKernelConstruction*),
                                      void (*compute)(void*, TF_OpKernelContext*), void (*forget)(void*));
void TF_RegisterKernelBuilder(const char* name, TF_KernelBuilder* builder, TF_Status* status);

void TF_OpKernelConstruction_GetAttrInt64(TF_OpKernelConstruction* construction, const char* name, int64_t* value, TF_Status* status);
void TF_OpKernelConstruction_GetAttrFloat(TF_OpKernelConstruction* construction, const char* name, float* value, TF_Status* status);
void TF_OpKernelConstruction_Failure(TF_OpKernelConstruction* construction, TF_Status* status);

void TF_OpKernelContext_Failure(TF_OpKernelContext* context, TF_Status* status);
void TF_GetInput(TF_OpKernelContext* context, int index, TF_Tensor** tensor, TF_Status* status);
TF_Tensor* TF_AllocateOutput(TF_OpKernelContext* context, int index, TF_DataType type, const int64_t* extents, int dimensions, size_t bytes,
                             TF_Status* status);
TF_Tensor* TF_ForwardInputOrAllocateOutput(TF_OpKernelContext* context, const int* candidates, int count, int index,
                                           const int64_t* extents, int dimensions, int* forwarded, TF_Status* status);
}
