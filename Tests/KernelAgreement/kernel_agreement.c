// Compares all tables of kernels that this machine can run on random cases, and prints a digest of the
// codes, which is the same on every kind of processor. tools/check-kernels builds and runs it.
//
//     kernel_agreement COUNT
//
// KernelAgreementTests compares the same kernels with the specification; this program needs no Swift, so
// that sanitizers and other processors can run the kernels alone. Every buffer is of the exact size that a
// kernel may use, for the address sanitizer to see what is outside.
#include "random_cases.h"

static const char *const table_names[fbq_table_count] = {
    [fbq_portable_table] = "portable",
    [fbq_avx2_table] = "avx2",
    [fbq_avx_vnni_table] = "avx-vnni",
    [fbq_avx512_vnni_table] = "avx512-vnni",
    [fbq_neon_dotprod_table] = "neon-dotprod",
};

typedef struct {
  uint64_t digest;
  // By table, how many results were compared with the portable table's.
  long compared[fbq_table_count];
  long failures;
} outcome;

// One operator's result from one table.
typedef struct {
  const char *name;
  uint64_t number;
  uint8_t *expected;
  uint8_t *output;
  size_t count;
} comparison;

static comparison begin_comparison(const char *name, uint64_t number, size_t count) {
  return (comparison){
      .name = name,
      .number = number,
      .expected = allocate(count),
      .output = allocate(count),
      .count = count,
  };
}

// Where a table's codes go.
static uint8_t *place(const comparison *c, fbq_table table) {
  uint8_t *to = table == fbq_portable_table ? c->expected : c->output;
  memset(to, 0x5a, c->count);
  return to;
}

static void compare(comparison *c, fbq_table table, outcome *all) {
  if (table == fbq_portable_table) {
    for (size_t i = 0; i < c->count; i++) {
      all->digest = (all->digest ^ c->expected[i]) * 0x100000001b3;
    }
    return;
  }
  all->compared[table]++;
  for (size_t i = 0; i < c->count; i++) {
    if (c->output[i] == c->expected[i]) continue;
    printf("%s, case %llu: %s has %d at %zu of %zu, portable %d\n", c->name,
           (unsigned long long)c->number, table_names[table], c->output[i], i, c->count,
           c->expected[i]);
    all->failures++;
    return;
  }
}

static void end_comparison(comparison *c) {
  free(c->expected);
  free(c->output);
}

static const fbq_kernels *runnable(fbq_table table) {
  return fbq_lacking(table) ? NULL : fbq_kernels_of(table);
}

static void *set_scales(const fbq_kernels *kernels, const channel_scales *scales, const int32_t *bias,
                        fbq_output *stage) {
  const fbq_channels channels = {
      .bias = bias,
      .multipliers = scales->multipliers,
      .has_one_multiplier = scales->has_one_multiplier,
      .reaches_limit = scales->reaches_limit,
      .groups = scales->groups,
      .channels = scales->count / scales->groups,
  };
  void *block = allocate_aligned(kernels->scale_bytes(&channels));
  kernels->set_scales(&channels, block, stage);
  return block;
}

// The units in two parts, as two threads would share them.
static void run_in_parts(fbq_kernel kernel, const void *parameters, size_t units, size_t cut,
                         size_t scratch_bytes) {
  uint8_t *scratch = allocate_aligned(scratch_bytes);
  memset(scratch, 0xa5, scratch_bytes);
  cut %= units + 1;
  if (cut > 0) kernel(parameters, 0, cut, scratch);
  if (cut < units) kernel(parameters, cut, units, scratch);
  free(scratch);
}

static void check_convolution(uint64_t number, int is_depthwise, outcome *all) {
  fbq_convolution c;
  if (!random_convolution(&c, is_depthwise)) return;
  const size_t pixels = (size_t)c.batches * (size_t)c.output_height * (size_t)c.output_width;
  const size_t outputs = (size_t)c.output_channels;
  const size_t depth = (size_t)c.kernel_height * (size_t)c.kernel_width *
                       (is_depthwise ? 1 : (size_t)(c.input_channels / c.groups));
  const size_t inputs = (size_t)c.batches * (size_t)c.input_height * (size_t)c.input_width *
                        (size_t)c.input_channels;
  uint8_t *input = random_bytes(inputs), *weights = random_bytes(outputs * depth);
  c.input = input;
  c.stage = random_stage(c.input_flip);
  channel_scales scales = random_scales(outputs, (size_t)c.groups, (int64_t)depth * 255 * 255);
  const size_t cut = next();
  comparison results = begin_comparison(is_depthwise ? "depthwise convolution" : "convolution", number,
                                        pixels * outputs);
  for (fbq_table table = 0; table < fbq_table_count; table++) {
    const fbq_kernels *kernels = runnable(table);
    if (!kernels) continue;
    const fbq_convolution_kernel *kernel =
        is_depthwise ? kernels->depthwise : kernels->convolution;
    fbq_convolution own = c;
    if (!kernel || !kernel->accepts(&own)) continue;
    int32_t *bias = copy(scales.bias, outputs * sizeof *bias);
    void *packed = allocate_aligned(kernel->weight_bytes(&own));
    kernel->pack(&own, weights, bias, packed);
    own.weights = packed;
    void *block = set_scales(kernels, &scales, bias, &own.stage);
    own.output = place(&results, table);
    run_in_parts(kernel->run, &own, kernel->units(&own), cut, kernel->scratch(&own));
    compare(&results, table, all);
    free(block);
    free(packed);
    free(bias);
  }
  end_comparison(&results);
  free_scales(&scales);
  free(weights);
  free(input);
}

static void check_fully_connected(uint64_t number, outcome *all) {
  fbq_fully_connected layer = {
      .rows = between(1, 3),
      .inputs = one_in(2) ? between(1, 70) : between(60, 400),
      .outputs = between(1, 70),
      .input_flip = random_flip(),
      .weight_flip = random_flip(),
      .input_zero_point = between(-128, 127),
      .weight_zero_point = one_in(2) ? 0 : between(-128, 127),
  };
  const size_t inputs = (size_t)layer.inputs, outputs = (size_t)layer.outputs;
  const size_t rows = (size_t)layer.rows;
  uint8_t *input = random_bytes(rows * inputs), *weights = random_bytes(outputs * inputs);
  layer.input = input;
  layer.weights = weights;
  layer.stage = random_stage(layer.input_flip);
  channel_scales scales = random_scales(outputs, 1, (int64_t)inputs * 255 * 255);
  const size_t cut = next();
  comparison results = begin_comparison("fully connected", number, rows * outputs);
  for (fbq_table table = 0; table < fbq_table_count; table++) {
    const fbq_kernels *kernels = runnable(table);
    if (!kernels || !kernels->fully_connected) continue;
    const fbq_fully_connected_kernel *kernel = kernels->fully_connected;
    fbq_fully_connected own = layer;
    int32_t *bias = copy(scales.bias, outputs * sizeof *bias);
    kernel->prepare(&own, bias);
    void *block = set_scales(kernels, &scales, bias, &own.stage);
    own.output = place(&results, table);
    run_in_parts(kernel->run, &own, kernel->units(&own), cut, kernel->scratch(&own));
    compare(&results, table, all);
    free(block);
    free(bias);
  }
  end_comparison(&results);
  free_scales(&scales);
  free(weights);
  free(input);
}

#include "checks_16x8.h"

static void check_elementwise(uint64_t number, int multiplies, outcome *all) {
  fbq_elementwise e = random_elementwise();
  // The tables of an addition round as the stage does.
  e.stage = random_stage(e.input_flip);
  int32_t tables[2][256];
  const int64_t greatest = multiplies ? 255 * 255 : fill_addition_tables(&e, tables);
  const size_t first = (e.rows - 1) * e.first_row_stride + (e.length - 1) * e.first_stride + 1;
  const size_t second = (e.rows - 1) * e.second_row_stride + (e.length - 1) * e.second_stride + 1;
  uint8_t *a = random_bytes(first), *b = random_bytes(second);
  e.first = a;
  e.second = b;
  // The planner gives all tables a whole block of equal channels.
  channel_scales scales = equal_scales(fbq_most_lanes, 0, greatest);
  const size_t cut = next();
  comparison results =
      begin_comparison(multiplies ? "multiplication" : "addition", number, e.rows * e.length);
  for (fbq_table table = 0; table < fbq_table_count; table++) {
    const fbq_kernels *kernels = runnable(table);
    if (!kernels) continue;
    fbq_elementwise own = e;
    fbq_kernel kernel = multiplies ? kernels->multiply : kernels->add;
    if (!kernel || (!multiplies && !kernels->accepts_add(&own))) continue;
    void *block = set_scales(kernels, &scales, scales.bias, &own.stage);
    own.output = place(&results, table);
    run_in_parts(kernel, &own, own.rows, cut, 1);
    compare(&results, table, all);
    free(block);
  }
  end_comparison(&results);
  free_scales(&scales);
  free(a);
  free(b);
}

static void check_pool(uint64_t number, int is_average, outcome *all) {
  fbq_pool pool;
  if (!random_pool(&pool, is_average)) return;
  const size_t channels = (size_t)pool.channels, rows = (size_t)(pool.batches * pool.output_height);
  uint8_t *input = random_bytes((size_t)pool.batches * (size_t)pool.input_height *
                                (size_t)pool.input_width * channels);
  pool.input = input;
  const size_t cut = next();
  comparison results = begin_comparison(is_average ? "average pool" : "max pool", number,
                                        rows * (size_t)pool.output_width * channels);
  for (fbq_table table = 0; table < fbq_table_count; table++) {
    const fbq_kernels *kernels = runnable(table);
    fbq_kernel kernel = !kernels ? NULL : is_average ? kernels->average_pool : kernels->max_pool;
    if (!kernel) continue;
    fbq_pool own = pool;
    own.output = place(&results, table);
    run_in_parts(kernel, &own, rows, cut, channels * sizeof(int32_t));
    compare(&results, table, all);
  }
  end_comparison(&results);
  free(input);
}

static void check_reduction(uint64_t number, outcome *all) {
  fbq_reduce r = {
      .outer = (size_t)between(1, 3),
      .count = (size_t)between(1, 50),
      .inner = (size_t)between(1, 70),
      .input_flip = random_flip(),
  };
  uint8_t *input = random_bytes(r.outer * r.count * r.inner);
  r.input = input;
  r.stage = random_stage(r.input_flip);
  const int32_t zero_point = between(-128, 127);
  channel_scales scales = equal_scales(fbq_most_lanes, -(int32_t)r.count * zero_point,
                                       (int64_t)r.count * 255);
  const size_t cut = next();
  comparison results = begin_comparison("reduction", number, r.outer * r.inner);
  for (fbq_table table = 0; table < fbq_table_count; table++) {
    const fbq_kernels *kernels = runnable(table);
    if (!kernels || !kernels->reduce) continue;
    fbq_reduce own = r;
    void *block = set_scales(kernels, &scales, scales.bias, &own.stage);
    own.output = place(&results, table);
    run_in_parts(kernels->reduce, &own, own.outer, cut,
                 (own.inner + 7) / 8 * 8 * sizeof(int32_t));
    compare(&results, table, all);
    free(block);
  }
  end_comparison(&results);
  free_scales(&scales);
  free(input);
}

static void check_softmax(uint64_t number, outcome *all) {
  int32_t exponentials[256];
  fill_exponentials(exponentials);
  fbq_softmax s = {
      .exponentials = exponentials,
      .flip = random_flip(),
      .rows = (size_t)between(1, 4),
      .length = (size_t)(one_in(4) ? between(200, 1200) : between(1, 60)),
  };
  uint8_t *input = random_bytes(s.rows * s.length);
  s.input = input;
  const size_t cut = next();
  comparison results = begin_comparison("softmax", number, s.rows * s.length);
  for (fbq_table table = 0; table < fbq_table_count; table++) {
    const fbq_kernels *kernels = runnable(table);
    if (!kernels || !kernels->softmax) continue;
    fbq_softmax own = s;
    own.output = place(&results, table);
    run_in_parts(kernels->softmax, &own, own.rows, cut, 1);
    compare(&results, table, all);
  }
  end_comparison(&results);
  free(input);
}

static void check_lookup(uint64_t number, outcome *all) {
  fbq_lookup l = {.count = (size_t)between(1, 10000)};
  uint8_t *input = random_bytes(l.count), *codes = random_bytes(256);
  l.input = input;
  l.table = codes;
  const size_t cut = next();
  comparison results = begin_comparison("lookup", number, l.count);
  for (fbq_table table = 0; table < fbq_table_count; table++) {
    const fbq_kernels *kernels = runnable(table);
    if (!kernels || !kernels->lookup) continue;
    fbq_lookup own = l;
    own.output = place(&results, table);
    run_in_parts(kernels->lookup, &own, (l.count + fbq_lookup_unit - 1) / fbq_lookup_unit, cut, 1);
    compare(&results, table, all);
  }
  end_comparison(&results);
  free(input);
  free(codes);
}

static void check_pad(uint64_t number, outcome *all) {
  fbq_pad p = random_pad();
  size_t inputs = 1, outputs = 1;
  for (int axis = 0; axis < fbq_pad_axes; axis++) {
    inputs *= p.input_extents[axis];
    outputs *= p.output_extents[axis];
  }
  uint8_t *input = random_bytes(inputs);
  p.input = input;
  const size_t cut = next();
  comparison results = begin_comparison("pad", number, outputs);
  for (fbq_table table = 0; table < fbq_table_count; table++) {
    const fbq_kernels *kernels = runnable(table);
    if (!kernels || !kernels->pad) continue;
    fbq_pad own = p;
    own.output = place(&results, table);
    run_in_parts(kernels->pad, &own, outputs / p.output_extents[fbq_pad_axes - 1], cut, 1);
    compare(&results, table, all);
  }
  end_comparison(&results);
  free(input);
}

static void check_move(uint64_t number, outcome *all) {
  fbq_copy c;
  size_t start;
  const size_t bytes = random_copy(&c, &start);
  uint8_t *input = random_bytes(bytes);
  c.input = input + start;
  comparison results = begin_comparison("move", number, bytes);
  for (fbq_table table = 0; table < fbq_table_count; table++) {
    const fbq_kernels *kernels = runnable(table);
    if (!kernels || !kernels->move) continue;
    fbq_copy own = c;
    own.output = place(&results, table);
    run_in_parts(kernels->move, &own, 1, 0, 1);
    compare(&results, table, all);
  }
  end_comparison(&results);
  free(input);
}

static void check_resize(uint64_t number, outcome *all) {
  enum { most_samples = 12 };
  fbq_resize_sample rows[most_samples], columns[most_samples];
  const int32_t bits = between(1, 10);
  fbq_resize r = {
      .rows = rows,
      .columns = columns,
      .flip = random_flip(),
      .rounds_away = (uint8_t)one_in(2),
      .shift = 2 * bits,
      .batches = between(1, 2),
      .input_height = between(1, 7),
      .input_width = between(1, 7),
      .channels = between(1, 40),
      .output_height = between(1, most_samples),
      .output_width = between(1, most_samples),
  };
  for (int i = 0; i < most_samples; i++) {
    rows[i] = random_sample(r.input_height, bits);
    columns[i] = random_sample(r.input_width, bits);
  }
  const size_t line = (size_t)r.input_width * (size_t)r.channels;
  const size_t units = (size_t)(r.batches * r.output_height);
  uint8_t *input = random_bytes((size_t)(r.batches * r.input_height) * line);
  r.input = input;
  const size_t cut = next();
  comparison results =
      begin_comparison("resize", number, units * (size_t)r.output_width * (size_t)r.channels);
  for (fbq_table table = 0; table < fbq_table_count; table++) {
    const fbq_kernels *kernels = runnable(table);
    if (!kernels || !kernels->resize_bilinear) continue;
    fbq_resize own = r;
    own.output = place(&results, table);
    run_in_parts(kernels->resize_bilinear, &own, units, cut, line * sizeof(int32_t));
    compare(&results, table, all);
  }
  end_comparison(&results);
  free(input);
}

int main(int count, char **arguments) {
  const long cases = count == 2 ? strtol(arguments[1], NULL, 10) : 0;
  if (cases <= 0) {
    fprintf(stderr, "usage: kernel_agreement COUNT\n");
    return 2;
  }
  outcome all = {.digest = 0xcbf29ce484222325};
  for (uint64_t number = 0; number < (uint64_t)cases && all.failures < 5; number++) {
    seed(number);
    check_convolution(number, 0, &all);
    check_convolution(number, 1, &all);
    check_fully_connected(number, &all);
    check_fully_connected_16x8(number, &all);
    check_convolution_16x8(number, 0, &all);
    check_convolution_16x8(number, 1, &all);
    check_elementwise(number, 0, &all);
    check_addition_16(number, &all);
    // The others have less to go wrong.
    if (number % 4 != 0) continue;
    check_elementwise(number, 1, &all);
    check_pool(number, 0, &all);
    check_pool(number, 1, &all);
    check_reduction(number, &all);
    check_reduction_16(number, &all);
    check_softmax(number, &all);
    check_lookup(number, &all);
    check_widening(number, &all);
    check_narrowing(number, &all);
    check_pad(number, &all);
    check_move(number, &all);
    check_resize(number, &all);
  }
  for (fbq_table table = 0; table < fbq_table_count; table++) {
    if (!fbq_kernels_of(table)) continue;
    const char *lacking = fbq_lacking(table);
    if (lacking) {
      printf("%s: not compared, this machine lacks %s\n", table_names[table], lacking);
    } else if (table != fbq_portable_table) {
      printf("%s: %ld results as portable has them\n", table_names[table], all.compared[table]);
      all.failures += all.compared[table] == 0;
    }
  }
  printf("digest %016llx\n", (unsigned long long)all.digest);
  return all.failures > 0;
}
