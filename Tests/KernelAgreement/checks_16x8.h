// Layers of 16-bit codes and 8-bit weights, and codes of both widths. Included once, in kernel_agreement.c.

// For sums of `depth` products; biases that validation lets through.
static fbq_output_16x8 random_output_16x8(size_t outputs, size_t depth, int is_narrow) {
  fbq_output_16x8 stage = {
      .has_one_multiplier = (uint8_t)one_in(2),
      .has_narrow_sums = (uint8_t)is_narrow,
      .single = (uint8_t)one_in(2),
      .minimum = one_in(3) ? between(INT16_MIN, INT16_MAX) : INT16_MIN,
      .maximum = INT16_MAX,
  };
  if (one_in(3)) stage.maximum = between(stage.minimum, INT16_MAX);
  const int64_t limit = ((int64_t)1 << (is_narrow ? 31 : 47)) - 1 - (int64_t)depth * (1 << 22);
  const int64_t most = limit > 100000000 && !one_in(4) ? 100000000 : limit;
  // Multipliers of 1/2 and more, and those that may be anything, need another path.
  const int has_left_shifts = one_in(4);
  int64_t *bias = allocate(outputs * sizeof *bias);
  fbq_multiplier *multipliers = allocate(outputs * sizeof *multipliers);
  for (size_t i = 0; i < outputs; i++) {
    const uint64_t high = next();
    bias[i] = (int64_t)((high << 32 | next()) % (uint64_t)(2 * most + 1)) - most;
    multipliers[i] = one_in(8) ? random_multiplier(-31, has_left_shifts ? 7 : -1)
                               : random_multiplier(-18, -4);
  }
  stage.bias = bias;
  stage.multipliers = multipliers;
  return stage;
}

static void free_output_16x8(fbq_output_16x8 *stage) {
  free((void *)(uintptr_t)stage->bias);
  free((void *)(uintptr_t)stage->multipliers);
}

// Weights whose sums leave 32 bits are rare; so are those whose sums cannot.
static uint8_t *random_weights_16x8(size_t count) {
  uint8_t *weights = random_bytes(count);
  if (one_in(3)) {
    for (size_t i = 0; i < count; i++) weights[i] = (uint8_t)((int8_t)weights[i] / 8);
  }
  return weights;
}

static void check_fully_connected_16x8(uint64_t number, outcome *all) {
  const int is_narrow = one_in(4);
  // Depths reach beyond a few chunks of inputs, whose sums have 32 bits.
  fbq_fully_connected_16x8 layer = {
      .rows = (size_t)(one_in(2) ? 1 : between(2, 5)),
      .inputs = (size_t)(one_in(2) ? between(1, 100) : between(450, is_narrow ? 511 : 2000)),
      .outputs = (size_t)between(1, 40),
  };
  layer.stage = random_output_16x8(layer.outputs, layer.inputs, is_narrow);
  int16_t *input = random_words(layer.rows * layer.inputs);
  uint8_t *weights = random_bytes(layer.outputs * layer.inputs);
  layer.input = input;
  layer.weights = weights;
  const size_t cut = next();
  comparison results = begin_comparison("fully connected, 16x8", number,
                                        layer.rows * layer.outputs * sizeof(int16_t));
  for (fbq_table table = 0; table < fbq_table_count; table++) {
    const fbq_kernels *kernels = runnable(table);
    if (!kernels || !kernels->fully_connected_16x8) continue;
    fbq_fully_connected_16x8 own = layer;
    own.output = (int16_t *)(void *)place(&results, table);
    run_in_parts(kernels->fully_connected_16x8, &own,
                 (own.outputs + fbq_16x8_unit - 1) / fbq_16x8_unit, cut, 1);
    compare(&results, table, all);
  }
  end_comparison(&results);
  free_output_16x8(&layer.stage);
  free(weights);
  free(input);
}

static void check_convolution_16x8(uint64_t number, int is_depthwise, outcome *all) {
  fbq_convolution_16x8 layer = {.path = fbq_quick};
  fbq_convolution *c = &layer.windows;
  if (!random_convolution(c, is_depthwise)) return;
  c->groups = 1;
  if (is_depthwise) c->output_channels = c->input_channels;
  const size_t pixels = (size_t)c->batches * (size_t)c->output_height * (size_t)c->output_width;
  const size_t outputs = (size_t)c->output_channels, channels = (size_t)c->input_channels;
  const size_t inputs = (size_t)c->batches * (size_t)c->input_height * (size_t)c->input_width * channels;
  const size_t depth = (size_t)c->kernel_height * (size_t)c->kernel_width * (is_depthwise ? 1 : channels);
  layer.stage = random_output_16x8(outputs, depth, depth < 512 && one_in(4));
  int16_t *input = random_words(inputs);
  uint8_t *weights = random_weights_16x8(outputs * depth);
  c->input = (const uint8_t *)input;
  const size_t cut = next();
  comparison results =
      begin_comparison(is_depthwise ? "depthwise convolution, 16x8" : "convolution, 16x8", number,
                       pixels * outputs * sizeof(int16_t));
  for (fbq_table table = 0; table < fbq_table_count; table++) {
    const fbq_kernels *kernels = runnable(table);
    if (!kernels) continue;
    const fbq_convolution_16x8_kernel *kernel =
        is_depthwise ? kernels->depthwise_16x8 : kernels->convolution_16x8;
    fbq_convolution_16x8 own = layer;
    if (!kernel || !kernel->accepts(&own, weights)) continue;
    void *packed = allocate_aligned(kernel->weight_bytes(&own));
    kernel->pack(&own, weights, packed);
    own.windows.weights = packed;
    own.windows.output = place(&results, table);
    run_in_parts(kernel->run, &own, kernel->units(&own), cut, kernel->scratch(&own));
    compare(&results, table, all);
    free(packed);
  }
  end_comparison(&results);
  free_output_16x8(&layer.stage);
  free(weights);
  free(input);
}

static void check_widening(uint64_t number, outcome *all) {
  int16_t codes[256];
  fbq_widening w = {
      .table = codes,
      .multiplier = random_multiplier(one_in(4) ? -31 : 0, one_in(4) ? 30 : 9),
      .zero_point = between(-128, 127),
      .flip = random_flip(),
      .count = (size_t)between(1, 10000),
  };
  const int32_t single = one_in(2);
  for (int32_t byte = 0; byte < 256; byte++) {
    const int32_t code = fbq_scale_general((int8_t)(byte ^ w.flip) - w.zero_point,
                                           w.multiplier.multiplier, w.multiplier.shift, single);
    codes[byte] = (int16_t)(code < INT16_MIN ? INT16_MIN : code > INT16_MAX ? INT16_MAX : code);
  }
  uint8_t *input = random_bytes(w.count);
  w.input = input;
  const size_t cut = next(), units = (w.count + fbq_lookup_unit - 1) / fbq_lookup_unit;
  comparison results = begin_comparison("widening", number, w.count * sizeof(int16_t));
  for (fbq_table table = 0; table < fbq_table_count; table++) {
    const fbq_kernels *kernels = runnable(table);
    if (!kernels || !kernels->widen) continue;
    fbq_widening own = w;
    own.output = (int16_t *)(void *)place(&results, table);
    run_in_parts(kernels->widen, &own, units, cut, 1);
    compare(&results, table, all);
  }
  end_comparison(&results);
  free(input);
}

static void check_narrowing(uint64_t number, outcome *all) {
  fbq_narrowing n = {.count = (size_t)between(1, 10000), .stage = random_stage(random_flip())};
  int16_t *input = random_words(n.count);
  n.input = input;
  channel_scales scales = equal_scales(fbq_most_lanes, 0, 1 << 15);
  const size_t cut = next(), units = (n.count + fbq_lookup_unit - 1) / fbq_lookup_unit;
  comparison results = begin_comparison("narrowing", number, n.count);
  for (fbq_table table = 0; table < fbq_table_count; table++) {
    const fbq_kernels *kernels = runnable(table);
    if (!kernels || !kernels->narrow) continue;
    fbq_narrowing own = n;
    void *block = set_scales(kernels, &scales, scales.bias, &own.stage);
    own.output = place(&results, table);
    run_in_parts(kernels->narrow, &own, units, cut, 1);
    compare(&results, table, all);
    free(block);
  }
  end_comparison(&results);
  free_scales(&scales);
  free(input);
}

static void check_addition_16(uint64_t number, outcome *all) {
  fbq_addition_16 a = {
      .stage = {.minimum = one_in(3) ? between(INT16_MIN, INT16_MAX) : INT16_MIN,
                .maximum = INT16_MAX,
                .single = (uint8_t)one_in(2)},
      .first_multiplier = random_multiplier(one_in(4) ? -31 : -4, 0),
      .second_multiplier = random_multiplier(one_in(4) ? -31 : -4, 0),
      .left_shift = one_in(3) ? between(0, 15) : 15,
      .negates_second = (uint8_t)one_in(2),
      .rows = (size_t)between(1, 4),
      .length = (size_t)between(1, 300),
  };
  if (one_in(3)) a.stage.maximum = between(a.stage.minimum, INT16_MAX);
  a.first_row_stride = one_in(4) ? 0 : a.length;
  a.second_row_stride = one_in(4) ? 0 : a.length;
  int16_t *first = random_words((a.rows - 1) * a.first_row_stride + a.length);
  int16_t *second = random_words((a.rows - 1) * a.second_row_stride + a.length);
  a.first = first;
  a.second = second;
  // The least and the greatest of each input and of the sum; −2^30 has a double of 32 bits.
  int64_t limits[2][2];
  for (int i = 0; i < 4; i++) {
    const fbq_multiplier factor = i < 2 ? a.first_multiplier : a.second_multiplier;
    const int32_t code = (i % 2 == 0 ? INT16_MIN : INT16_MAX) * (1 << a.left_shift);
    limits[i / 2][i % 2] = fbq_scale_general(code, factor.multiplier, factor.shift, a.stage.single);
  }
  const int64_t low = limits[0][0] + (a.negates_second ? -limits[1][1] : limits[1][0]);
  const int64_t high = limits[0][1] + (a.negates_second ? -limits[1][0] : limits[1][1]);
  const int64_t greatest = high > -1 - low ? high : -1 - low;
  channel_scales scales = equal_scales(fbq_most_lanes, 0, greatest);
  const size_t cut = next();
  comparison results =
      begin_comparison("addition of 16 bits", number, a.rows * a.length * sizeof(int16_t));
  for (fbq_table table = 0; table < fbq_table_count; table++) {
    const fbq_kernels *kernels = runnable(table);
    if (!kernels || !kernels->add_16) continue;
    fbq_addition_16 own = a;
    void *block = set_scales(kernels, &scales, scales.bias, &own.stage);
    own.output = (int16_t *)(void *)place(&results, table);
    run_in_parts(kernels->add_16, &own, own.rows, cut, 1);
    compare(&results, table, all);
    free(block);
  }
  end_comparison(&results);
  free_scales(&scales);
  free(first);
  free(second);
}

static void check_reduction_16(uint64_t number, outcome *all) {
  fbq_reduce r = {
      .stage = {.single = (uint8_t)one_in(2), .minimum = INT16_MIN, .maximum = INT16_MAX},
      .outer = (size_t)between(1, 3),
      .count = (size_t)between(1, 50),
      .inner = (size_t)between(1, 70),
  };
  int16_t *input = random_words(r.outer * r.count * r.inner);
  r.input = (const uint8_t *)input;
  channel_scales scales = equal_scales(fbq_most_lanes, 0, (int64_t)r.count << 15);
  const size_t cut = next();
  comparison results =
      begin_comparison("reduction of 16 bits", number, r.outer * r.inner * sizeof(int16_t));
  for (fbq_table table = 0; table < fbq_table_count; table++) {
    const fbq_kernels *kernels = runnable(table);
    if (!kernels || !kernels->reduce_16) continue;
    fbq_reduce own = r;
    void *block = set_scales(kernels, &scales, scales.bias, &own.stage);
    own.output = place(&results, table);
    run_in_parts(kernels->reduce_16, &own, own.outer, cut, 1);
    compare(&results, table, all);
    free(block);
  }
  end_comparison(&results);
  free_scales(&scales);
  free(input);
}
