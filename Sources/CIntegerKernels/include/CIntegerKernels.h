// Integer kernels behind one table of function pointers, and the thread pool that shares their work.
//
// A kernel computes part of one operator: the units begin…end − 1 of its work, whose number and
// meaning its parameter type states. It reads its parameters and inputs, writes its part of the
// output, and uses nothing else but its own scratch. Kernels never allocate, never fail and contain no
// floating point. Whoever fills the parameters has proved (IntegerGraph.validate) that indices stay
// inside the tensors and accumulators inside their bits.
//
//   activations [N, H, W, C]          every table of kernels gives the same bits
//   ┌──────────────┐   widen to 16 bits,    ┌───────────────┐   scale, round,   ┌──────────┐
//   │ int8 / uint8 │ ─ minus zero point ──► │ dot products  │ ─ add zero point ►│ 8-bit y  │
//   └──────────────┘   (padding is 0)       │ in 32 bits    │   clamp           └──────────┘
//                      packed weights ────► └───────────────┘
//
// Codes of 16 bits have kernels of their own, with sums of 64 bits (16x8).
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

// A real factor as multiplier · 2^(shift − 31).
typedef struct {
  int32_t multiplier;
  int32_t shift;
} fbq_multiplier;

// The channels of an operator: what makes codes of their accumulators.
typedef struct {
  // One per channel, through all groups.
  const int32_t *bias;
  // One per channel, or a single one.
  const fbq_multiplier *multipliers;
  uint8_t has_one_multiplier;
  // 1 where an accumulator can reach 2^30.
  uint8_t reaches_limit;
  size_t groups;
  // Of each group.
  size_t channels;
} fbq_channels;

// No table has blocks of more channels.
enum { fbq_most_lanes = 16 };

// How a table turns accumulators into codes; the slowest holds for anything.
typedef enum { fbq_quick, fbq_quick_signed, fbq_general } fbq_path;

// From accumulators to codes.
typedef struct {
  // Of the table's own layout, by blocks of channels; each group is padded to whole blocks.
  const void *scales;
  // Added last, with the clamp's limits already reduced by it.
  int32_t zero_point;
  int32_t minimum;
  int32_t maximum;
  // 0x80 for uint8, else 0.
  uint8_t flip;
  // 1 for single rounding.
  uint8_t single;
  // An fbq_path.
  uint8_t path;
  // 1 where the scales add the zero point; the table's business.
  uint8_t folds_zero_point;
} fbq_output;

// Convolution, also depthwise.
//
// Units are what the kernel's `units` counts; with `splits_channels` they are blocks of output
// channels, else rows or tiles of output pixels.
typedef struct {
  const uint8_t *input;
  // As the kernel's `pack` lays them out.
  const void *weights;
  uint8_t *output;
  fbq_output stage;
  int32_t input_zero_point;
  int32_t weight_zero_point;
  uint8_t input_flip;
  uint8_t weight_flip;
  uint8_t splits_channels;
  int32_t batches, input_height, input_width, input_channels;
  int32_t output_height, output_width, output_channels;
  int32_t kernel_height, kernel_width;
  int32_t stride_height, stride_width, dilation_height, dilation_width;
  int32_t padding_top, padding_left;
  // 1 for depthwise convolutions.
  int32_t groups;
} fbq_convolution;

// A kernel for convolutions and what prepares its work.
typedef struct {
  // Whether it computes such a convolution.
  int32_t (*accepts)(const fbq_convolution *convolution);
  size_t (*units)(const fbq_convolution *convolution);
  // Bytes that each thread needs.
  size_t (*scratch)(const fbq_convolution *convolution);
  size_t (*weight_bytes)(const fbq_convolution *convolution);
  // Packs weights [O, KH, KW, C / groups], for depthwise [1, KH, KW, O], and takes from each channel's
  // bias what the layout adds to its accumulators.
  void (*pack)(const fbq_convolution *convolution, const uint8_t *weights, int32_t *bias,
               void *packed);
  fbq_kernel run;
} fbq_convolution_kernel;

// Fully connected layer on few rows, with the weights where they lie. Units: blocks of outputs.
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

// A kernel for fully connected layers and what prepares its work, as for convolutions.
typedef struct {
  size_t (*units)(const fbq_fully_connected *layer);
  size_t (*scratch)(const fbq_fully_connected *layer);
  // Takes from each output's bias what the kernel adds to its accumulator.
  void (*prepare)(const fbq_fully_connected *layer, int32_t *bias);
  fbq_kernel run;
} fbq_fully_connected_kernel;

// From the sums of a layer of 16-bit codes and 8-bit weights (16x8) to codes. All zero points are 0.
typedef struct {
  // One per output.
  const int64_t *bias;
  // One per output, or a single one.
  const fbq_multiplier *multipliers;
  uint8_t has_one_multiplier;
  // 1 where sums have 32 bits and are scaled as those of 8-bit codes, `single` or not.
  uint8_t has_narrow_sums;
  uint8_t single;
  int32_t minimum, maximum;
} fbq_output_16x8;

// Fully connected layer of 16-bit codes on any number of rows, with the weights where they lie. Units:
// fbq_16x8_unit outputs each.
enum { fbq_16x8_unit = 4 };

typedef struct {
  // [rows, inputs]
  const int16_t *input;
  // [outputs, inputs], signed
  const uint8_t *weights;
  // [rows, outputs]
  int16_t *output;
  fbq_output_16x8 stage;
  size_t rows, inputs, outputs;
} fbq_fully_connected_16x8;

// Convolution of 16-bit codes of one group, also depthwise with one output per input. Units are what the
// kernel's `units` counts: rows or tiles of output pixels.
typedef struct {
  // Where codes and packed weights lie, and how windows do; its stage, zero points and flips are not used.
  fbq_convolution windows;
  fbq_output_16x8 stage;
  // What the kernel's `accepts` found: fbq_quick or fbq_general.
  uint8_t path;
  // And whether sums of products can need more than 32 bits.
  uint8_t has_long_sums;
} fbq_convolution_16x8;

// A kernel for convolutions of 16-bit codes and what prepares its work.
typedef struct {
  // Whether it computes such a convolution with these weights; says in it how.
  int32_t (*accepts)(fbq_convolution_16x8 *layer, const uint8_t *weights);
  size_t (*units)(const fbq_convolution_16x8 *layer);
  // Bytes that each thread needs.
  size_t (*scratch)(const fbq_convolution_16x8 *layer);
  size_t (*weight_bytes)(const fbq_convolution_16x8 *layer);
  // Packs weights [O, KH, KW, C], for depthwise [1, KH, KW, O], with the scales of the outputs.
  void (*pack)(const fbq_convolution_16x8 *layer, const uint8_t *weights, void *packed);
  fbq_kernel run;
} fbq_convolution_16x8_kernel;

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
  // What the tables of `add` hold: the factor's product with (code − zero point) · 2^left_shift, negated
  // where `negates_second`.
  fbq_multiplier first_multiplier, second_multiplier;
  int32_t left_shift;
  uint8_t negates_second;
  int32_t first_zero_point;
  int32_t second_zero_point;
  uint8_t input_flip;
  size_t rows, length;
  size_t first_row_stride, second_row_stride;
  size_t first_stride, second_stride;
} fbq_elementwise;

// Sum or difference of two arrays of 16-bit codes of zero point 0, over rows of `length` elements. Units:
// rows. An input may repeat one row (row stride 0). The scaled inputs are code · 2^left_shift times a factor of
// less than 1; the stage holds one block, and limits of 16 bits.
typedef struct {
  const int16_t *first;
  const int16_t *second;
  int16_t *output;
  fbq_output stage;
  fbq_multiplier first_multiplier, second_multiplier;
  int32_t left_shift;
  uint8_t negates_second;
  size_t rows, length;
  size_t first_row_stride, second_row_stride;
} fbq_addition_16;

// Any function of one byte. Units: 4096 bytes each.
typedef struct {
  const uint8_t *input;
  const uint8_t *table;
  uint8_t *output;
  size_t count;
} fbq_lookup;

enum { fbq_lookup_unit = 4096 };

// 8-bit codes as 16-bit ones of zero point 0: the product of the factor and the difference to the zero point,
// saturated. Units: fbq_lookup_unit codes each.
typedef struct {
  const uint8_t *input;
  int16_t *output;
  // The results by byte.
  const int16_t *table;
  fbq_multiplier multiplier;
  int32_t zero_point;
  uint8_t flip;
  size_t count;
} fbq_widening;

// 16-bit codes of zero point 0 as 8-bit ones. Units: fbq_lookup_unit codes each. The stage holds one block.
typedef struct {
  const int16_t *input;
  uint8_t *output;
  fbq_output stage;
  size_t count;
} fbq_narrowing;

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

// Softmax over the last axis of [rows, length], in fixed point. Units: rows.
typedef struct {
  const uint8_t *input;
  uint8_t *output;
  // e^(scale · −difference) by the difference to the greatest code, 0…255, in Q0.31; −1 where it is
  // negligible.
  const int32_t *exponentials;
  uint8_t flip;
  size_t rows, length;
} fbq_softmax;

// An array inside a larger one, with a constant around it. Units: rows of the output, its last axis.
enum { fbq_pad_axes = 6 };

typedef struct {
  const uint8_t *input;
  uint8_t *output;
  uint8_t value;
  size_t input_extents[fbq_pad_axes];
  size_t output_extents[fbq_pad_axes];
  // Elements of the output before the input's first along each axis.
  size_t before[fbq_pad_axes];
} fbq_pad;

// A part of an array whose elements are moved: runs of bytes that follow each other, along axes of which
// the last is the innermost. Unused axes have one element.
enum { fbq_copy_axes = 6 };

typedef struct {
  const uint8_t *input;
  uint8_t *output;
  size_t run;
  size_t extents[fbq_copy_axes];
  // Bytes from one index to the next.
  ptrdiff_t input_steps[fbq_copy_axes];
  ptrdiff_t output_steps[fbq_copy_axes];
} fbq_copy;

// Where a row or column of a resized image falls between two of the source, with their weights.
typedef struct {
  int32_t lower, upper, lower_weight, upper_weight;
} fbq_resize_sample;

// Bilinear resize of [N, H, W, C]: the weighted sum of four codes, divided by 2^shift, halves up or
// with `rounds_away` away from zero. Sums fit into 32 bits. Units: output rows over [N, OH]. Scratch: 4
// bytes per element of an input row.
typedef struct {
  const uint8_t *input;
  uint8_t *output;
  const fbq_resize_sample *rows;
  const fbq_resize_sample *columns;
  uint8_t flip;
  uint8_t rounds_away;
  int32_t shift;
  int32_t batches, input_height, input_width, channels;
  int32_t output_height, output_width;
} fbq_resize;

// Where in each of [rows, length] the greatest code stands first, or the least; length is at most 256.
// Units: rows.
typedef struct {
  const uint8_t *input;
  // Indices of `width` bytes, 4 or 8.
  uint8_t *output;
  uint8_t flip;
  uint8_t finds_least;
  uint8_t width;
  size_t rows, length;
} fbq_argument;

// One set of kernels for one kind of processor.
//
// A kernel that is absent (null) or does not accept a case leaves it to the next table; the
// portable one has all.
typedef struct {
  // The layout of channel scales, which all kernels of the table share.
  size_t (*scale_bytes)(const fbq_channels *channels);
  // Fills the scales and says in `stage` where they are and which path they take. The rest of `stage`
  // must be set.
  void (*set_scales)(const fbq_channels *channels, void *scales, fbq_output *stage);
  const fbq_convolution_kernel *convolution;
  const fbq_convolution_kernel *depthwise;
  const fbq_fully_connected_kernel *fully_connected;
  fbq_kernel fully_connected_16x8;  // fbq_fully_connected_16x8
  const fbq_convolution_16x8_kernel *convolution_16x8;
  const fbq_convolution_16x8_kernel *depthwise_16x8;
  int32_t (*accepts_add)(const fbq_elementwise *addition);
  fbq_kernel add;           // fbq_elementwise
  fbq_kernel add_16;        // fbq_addition_16
  fbq_kernel multiply;      // fbq_elementwise
  fbq_kernel lookup;        // fbq_lookup
  fbq_kernel widen;         // fbq_widening
  fbq_kernel narrow;        // fbq_narrowing
  fbq_kernel average_pool;  // fbq_pool
  fbq_kernel max_pool;      // fbq_pool
  fbq_kernel reduce;        // fbq_reduce
  fbq_kernel reduce_16;     // fbq_reduce of codes of 16 bits, whose flip and scratch are not used
  fbq_kernel softmax;       // fbq_softmax
  fbq_kernel pad;           // fbq_pad
  // Takes an array of fbq_copy. Units: its elements.
  fbq_kernel move;
  fbq_kernel resize_bilinear;  // fbq_resize
  fbq_kernel argument;         // fbq_argument
  // For measuring the peak, not for models: computes products of bytes in registers and nothing else, as
  // often as `rounds` says, and returns their number. A table leaves no other to compute it.
  int64_t (*multiply_registers)(int64_t rounds);
} fbq_kernels;

// The tables, for each kind of processor each faster than the one before.
typedef enum {
  // Plain C that any processor runs; vectorized by the compiler for the baseline of its target.
  fbq_portable_table,
  fbq_avx2_table,
  fbq_avx_vnni_table,
  fbq_avx512_vnni_table,
  fbq_neon_dotprod_table,
  fbq_table_count
} fbq_table;

// A table, or null where this build has none of that kind. Whether the machine runs it is another
// question: see fbq_lacking.
const fbq_kernels *fbq_kernels_of(fbq_table table);
// What this machine lacks for a table, as words for a message; null where it lacks nothing.
const char *fbq_lacking(fbq_table table);

// `bytes` bytes that begin zero and take no memory until they are written, of which `expected`, at most
// `bytes`, surely will be. Null where that is too little to be worth it, or the system has no such memory.
void *fbq_memory_reserve(size_t bytes, size_t expected);
// Gives back what fbq_memory_reserve gave for so many bytes.
void fbq_memory_release(void *block, size_t bytes);

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
