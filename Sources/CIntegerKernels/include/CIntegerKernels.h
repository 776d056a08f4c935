// Integer kernels behind one table of function pointers, and the thread pool that shares their work.
//
// A kernel computes part of one operator: the units begin…end − 1 of its work, whose number and
// meaning its parameter type states. It reads its parameters and inputs, writes its part of the
// output, and uses nothing else but its own scratch. Kernels never allocate, never fail and contain no
// floating point. Whoever fills the parameters has proved (IntegerGraph.validate) that indices stay
// inside the tensors and accumulators inside 32 bits.
//
//   activations [N, H, W, C]          every table of kernels gives the same bits
//   ┌──────────────┐   widen to 16 bits,    ┌───────────────┐   scale, round,   ┌──────────┐
//   │ int8 / uint8 │ ─ minus zero point ──► │ dot products  │ ─ add zero point ►│ 8-bit y  │
//   └──────────────┘   (padding is 0)       │ in 32 bits    │   clamp           └──────────┘
//                      packed weights ────► └───────────────┘
//
// uint8 codes are handled as int8: flipping the top bit (`flip` 0x80) subtracts 128 from code, zero
// point and clamp alike. Zero points and clamps in the parameters are those of the flipped codes.
#ifndef FBQ_INTEGER_KERNELS_H
#define FBQ_INTEGER_KERNELS_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// One part of an operator's work. `parameters` is of the type that the table names.
typedef void (*fbq_kernel)(const void *parameters, size_t begin, size_t end, void *scratch);

// Output channels that are computed together; channel arrays are padded to a multiple of it.
enum { fbq_channel_block = 8 };

// How the accumulators of 8 channels become codes. See requantize.h for what the numbers mean.
typedef struct {
  uint32_t bias[fbq_channel_block];
  uint32_t multiplier[fbq_channel_block];
  uint32_t nudge[fbq_channel_block];
  uint32_t half[fbq_channel_block];
  uint32_t away[fbq_channel_block];
  uint32_t power[fbq_channel_block];
  // For the path that holds for any shift and accumulator.
  int32_t shift[fbq_channel_block];
} fbq_scale;

// From accumulators to codes.
typedef struct {
  // One per block of channels.
  const fbq_scale *scales;
  // Added last, with the clamp's limits already reduced by it.
  int32_t zero_point;
  int32_t minimum;
  int32_t maximum;
  // 0x80 for uint8, else 0.
  uint8_t flip;
  // 1 for single rounding.
  uint8_t single;
  // 1 where a shift is positive or an accumulator can reach 2^30: the slow path.
  uint8_t general;
} fbq_output;

// Sets what `scale` holds for one channel.
void fbq_scale_set(fbq_scale *scale, int32_t channel, int32_t bias, int32_t multiplier,
                   int32_t shift, int32_t single);

// Convolution as a matrix product of patches and packed weights.
//
// Units: tiles of 4 output pixels over [N, OH, OW]; with `splits_channels`, blocks of 8 output
// channels, counted through all groups. Scratch: fbq_convolution_scratch bytes.
// Weights: for each group and block of 8 channels [depth / 2][8][2] int16 without zero point, depth =
// kernel_height · kernel_width · group_channels made even, padded with zeros.
typedef struct {
  const uint8_t *input;
  const int16_t *weights;
  uint8_t *output;
  fbq_output stage;
  int32_t input_zero_point;
  uint8_t input_flip;
  uint8_t splits_channels;
  int32_t batches, input_height, input_width, input_channels;
  int32_t output_height, output_width, output_channels;
  int32_t kernel_height, kernel_width;
  int32_t stride_height, stride_width, dilation_height, dilation_width;
  int32_t padding_top, padding_left;
  int32_t groups;
} fbq_convolution;

size_t fbq_convolution_units(const fbq_convolution *convolution);
size_t fbq_convolution_scratch(const fbq_convolution *convolution);
size_t fbq_convolution_weight_bytes(const fbq_convolution *convolution);
// Packs weights [O, KH, KW, C / groups] of int8, or uint8 with `flip` 0x80 and the zero point of the
// flipped codes.
void fbq_convolution_pack(const fbq_convolution *convolution, const uint8_t *weights, uint8_t flip,
                          int32_t zero_point, int16_t *packed);

// Depthwise convolution, one input channel per output channel.
//
// The same geometry; groups is unused. Units: output rows over [N, OH]; with `splits_channels`, tiles
// of 64 output channels. Weights: for each block of 8 channels [(taps + 1) / 2][8][2] int16 without
// zero point, taps = kernel_height · kernel_width. Scratch: fbq_depthwise_scratch bytes.
size_t fbq_depthwise_units(const fbq_convolution *convolution);
size_t fbq_depthwise_scratch(const fbq_convolution *convolution);
size_t fbq_depthwise_weight_bytes(const fbq_convolution *convolution);
// Packs weights [1, KH, KW, O].
void fbq_depthwise_pack(const fbq_convolution *convolution, const uint8_t *weights, uint8_t flip,
                        int32_t zero_point, int16_t *packed);

// Fully connected layer on few rows, with the weights where they lie.
//
// Units: blocks of 8 outputs. Scratch: fbq_fully_connected_scratch bytes.
typedef struct {
  // [rows, inputs]
  const uint8_t *input;
  // [outputs, inputs]
  const uint8_t *weights;
  // [rows, outputs]
  uint8_t *output;
  fbq_output stage;
  int32_t input_zero_point;
  int32_t weight_zero_point;
  uint8_t input_flip;
  uint8_t weight_flip;
  int32_t rows, inputs, outputs;
} fbq_fully_connected;

size_t fbq_fully_connected_units(const fbq_fully_connected *layer);
size_t fbq_fully_connected_scratch(const fbq_fully_connected *layer);

// Two arrays element by element, over rows of `length` elements.
//
// Units: rows. An input may repeat one row (row stride 0) or one element of each row (element stride
// 0). For `add` the tables hold the scaled inputs by code (a subtraction negates the second); for
// `multiply` the zero points are subtracted and the products taken. The stage holds one block.
typedef struct {
  const uint8_t *first;
  const uint8_t *second;
  uint8_t *output;
  fbq_output stage;
  const int32_t *first_table;
  const int32_t *second_table;
  int32_t first_zero_point;
  int32_t second_zero_point;
  uint8_t input_flip;
  size_t rows, length;
  size_t first_row_stride, second_row_stride;
  size_t first_stride, second_stride;
} fbq_elementwise;

// Any function of one byte. Units: 4096 bytes each.
typedef struct {
  const uint8_t *input;
  const uint8_t *table;
  uint8_t *output;
  size_t count;
} fbq_lookup;

enum { fbq_lookup_unit = 4096 };

// Average and max pool over [N, H, W, C]. Units: output rows over [N, OH]. Scratch: 4 bytes per
// channel. Clamp limits are those of the flipped codes for max, of the true codes for average.
typedef struct {
  const uint8_t *input;
  uint8_t *output;
  uint8_t flip;
  int32_t minimum, maximum;
  int32_t batches, input_height, input_width, channels;
  int32_t output_height, output_width;
  int32_t window_height, window_width, stride_height, stride_width;
  int32_t padding_top, padding_left;
} fbq_pool;

// Sum over the middle of [outer, count, inner], for mean and sum.
//
// Units: outer. Scratch: 4 bytes per inner element, rounded up to 8 elements. The stage holds one
// block, whose bias is minus count times the zero point.
typedef struct {
  const uint8_t *input;
  uint8_t *output;
  fbq_output stage;
  uint8_t input_flip;
  size_t outer, count, inner;
} fbq_reduce;

// One set of kernels for one kind of processor.
typedef struct {
  const char *name;
  fbq_kernel convolution;      // fbq_convolution
  fbq_kernel depthwise;        // fbq_convolution
  fbq_kernel fully_connected;  // fbq_fully_connected
  fbq_kernel add;              // fbq_elementwise
  fbq_kernel multiply;         // fbq_elementwise
  fbq_kernel lookup;           // fbq_lookup
  fbq_kernel average_pool;     // fbq_pool
  fbq_kernel max_pool;         // fbq_pool
  fbq_kernel reduce;           // fbq_reduce
} fbq_kernels;

// Plain C that any processor runs; vectorized by the compiler for the baseline of its target.
extern const fbq_kernels fbq_portable_kernels;

// Threads that share the units of a kernel.
typedef struct fbq_threads fbq_threads;

// `count` threads including the caller's, 2 or more. Null where the system gives none.
fbq_threads *fbq_threads_create(int32_t count);
void fbq_threads_destroy(fbq_threads *threads);
// Runs all units and returns when they are done. Thread t uses the scratch at t · scratch_stride.
// `threads` may be null: then the caller does all the work. Never allocates.
void fbq_threads_run(fbq_threads *threads, fbq_kernel kernel, const void *parameters, size_t units,
                     uint8_t *scratch, size_t scratch_stride);

#ifdef __cplusplus
}
#endif

#endif
