#include "CImageCodecs.h"

#include <setjmp.h>
#include <stdio.h>
#include <string.h>

#include <jpeglib.h>
#include <jerror.h>

#ifndef LIBJPEG_TURBO_VERSION
#error "fbq needs libjpeg-turbo: other JPEG libraries decode to slightly different pixels"
#endif

// A few crafted bytes make a scan over millions of blocks, so the number of scans bounds the time.
// Encoders write about ten.
static const int scanLimit = 100;

// Progressive files need their coefficients in memory: two bytes a sample.
static const long memoryLimit = 1L << 30;

typedef struct {
  struct jpeg_error_mgr manager;
  CImageStatus failure;
  char *message;
  size_t messageCapacity;
  jmp_buf jump;
} JPEGErrors;

static CImageStatus statusOfCode(int code) {
  switch (code) {
    case JERR_INPUT_EMPTY:
    case JWRN_JPEG_EOF:
      return CImageStatusTruncated;
    case JERR_OUT_OF_MEMORY:
    case JERR_NO_BACKING_STORE:
      return CImageStatusOutOfMemory;
    case JERR_ARITH_NOTIMPL:
    case JERR_BAD_PRECISION:
    case JERR_COMPONENT_COUNT:
    case JERR_CONVERSION_NOTIMPL:
    case JERR_IMAGE_TOO_BIG:
    case JERR_SOF_UNSUPPORTED:
      return CImageStatusUnsupported;
    default:
      return CImageStatusDamaged;
  }
}

static void fail(j_common_ptr common) {
  JPEGErrors *errors = (JPEGErrors *)common->err;
  char text[JMSG_LENGTH_MAX];
  errors->manager.format_message(common, text);
  strncpy(errors->message, text, errors->messageCapacity - 1);
  errors->failure = statusOfCode(errors->manager.msg_code);
  longjmp(errors->jump, 1);
}

static void refuse(j_decompress_ptr jpeg, const char *message) {
  JPEGErrors *errors = (JPEGErrors *)jpeg->err;
  strncpy(errors->message, message, errors->messageCapacity - 1);
  errors->failure = CImageStatusUnsupported;
  longjmp(errors->jump, 1);
}

// libjpeg goes on with made-up pixels after a warning. Only warnings that leave the pixels right
// are let pass: odd headers, and stray bytes between segments, which some cameras write.
static void receiveMessage(j_common_ptr common, int level) {
  if (level >= 0) return;
  switch (common->err->msg_code) {
    case JWRN_ADOBE_XFORM:
    case JWRN_EXTRANEOUS_DATA:
    case JWRN_JFIF_MAJOR:
    case JWRN_NOT_SEQUENTIAL:
      return;
    default:
      fail(common);
  }
}

static void countScans(j_common_ptr common) {
  j_decompress_ptr jpeg = (j_decompress_ptr)common;
  if (jpeg->input_scan_number > scanLimit) refuse(jpeg, "more than 100 scans");
}

static void readHeader(j_decompress_ptr jpeg, CImageHeader *header) {
  jpeg->mem->max_memory_to_use = memoryLimit;
  jpeg_read_header(jpeg, TRUE);
  header->width = jpeg->image_width;
  header->height = jpeg->image_height;
  switch (jpeg->jpeg_color_space) {
    case JCS_GRAYSCALE:
      header->channels = 1;
      jpeg->out_color_space = JCS_GRAYSCALE;
      break;
    case JCS_RGB:
    case JCS_YCbCr:
      header->channels = 3;
      jpeg->out_color_space = JCS_RGB;
      break;
    case JCS_CMYK:
    case JCS_YCCK:
      header->channels = 3;
      jpeg->out_color_space = JCS_CMYK;
      break;
    default:
      refuse(jpeg, "unknown color space");
  }
  // Not in browsers either; and without it every block takes at least one bit.
  if (jpeg->arith_code) refuse(jpeg, "arithmetic coding");
  header->minimumByteCount = (uint64_t)header->width * header->height / (64 * 8);
}

// Multiplies two samples that stand for 0 to 1, rounding to nearest.
static uint8_t multiplySamples(uint8_t left, uint8_t right) {
  return (uint8_t)(((unsigned)left * right + 127) / 255);
}

static void readPixels(
  j_decompress_ptr jpeg, uint8_t *pixels, size_t capacity, const CImageHeader *header) {
  jpeg->dct_method = JDCT_ISLOW;
  jpeg->do_fancy_upsampling = TRUE;
  jpeg->do_block_smoothing = FALSE;
  jpeg_start_decompress(jpeg);

  size_t rowByteCount = (size_t)header->width * header->channels;
  if (jpeg->output_width != header->width || capacity / rowByteCount < header->height) {
    refuse(jpeg, "the header changed between two readings");
  }
  JSAMPARRAY inkRow = NULL;
  if (jpeg->out_color_space == JCS_CMYK) {
    inkRow = jpeg->mem->alloc_sarray((j_common_ptr)jpeg, JPOOL_IMAGE, header->width * 4, 1);
  }
  while (jpeg->output_scanline < jpeg->output_height) {
    JSAMPROW row = pixels + jpeg->output_scanline * rowByteCount;
    jpeg_read_scanlines(jpeg, inkRow ? inkRow : &row, 1);
    if (!inkRow) continue;
    for (size_t column = 0; column < header->width; column++) {
      const JSAMPLE *ink = inkRow[0] + column * 4;
      for (int channel = 0; channel < 3; channel++) {
        row[column * 3 + channel] = multiplySamples(ink[channel], ink[3]);
      }
    }
  }
  // Reads up to the end marker, so that a file cut off after the pixels is found out.
  jpeg_finish_decompress(jpeg);
}

// Apart from `decode`, because a long jump may lose changes to locals of the function it lands in.
static CImageStatus decodeUntilFailure(
  j_decompress_ptr jpeg, JPEGErrors *errors, const uint8_t *bytes, size_t count,
  uint8_t *pixels, size_t pixelCapacity, CImageHeader *header) {
  if (setjmp(errors->jump)) return errors->failure;
  jpeg_create_decompress(jpeg);
  struct jpeg_progress_mgr progress = {.progress_monitor = countScans};
  jpeg->progress = &progress;
  jpeg_mem_src(jpeg, bytes, count);
  readHeader(jpeg, header);
  if (pixels) readPixels(jpeg, pixels, pixelCapacity, header);
  return CImageStatusDone;
}

static CImageStatus decode(
  const uint8_t *bytes, size_t count, uint8_t *pixels, size_t pixelCapacity,
  CImageHeader *header) {
  memset(header, 0, sizeof *header);
  JPEGErrors errors = {
    .failure = CImageStatusDone,
    .message = header->message, .messageCapacity = sizeof header->message,
  };
  struct jpeg_decompress_struct jpeg;
  memset(&jpeg, 0, sizeof jpeg);
  jpeg.err = jpeg_std_error(&errors.manager);
  errors.manager.error_exit = fail;
  errors.manager.emit_message = receiveMessage;
  CImageStatus status =
    decodeUntilFailure(&jpeg, &errors, bytes, count, pixels, pixelCapacity, header);
  jpeg_destroy_decompress(&jpeg);
  return status;
}

CImageStatus CImageJPEGReadHeader(const uint8_t *bytes, size_t count, CImageHeader *header) {
  return decode(bytes, count, NULL, 0, header);
}

CImageStatus CImageJPEGDecode(
  const uint8_t *bytes, size_t count, uint8_t *pixels, size_t pixelCapacity,
  CImageHeader *header) {
  return decode(bytes, count, pixels, pixelCapacity, header);
}
