#include "CImageCodecs.h"

#include <png.h>
#include <setjmp.h>
#include <string.h>

// Deflate cannot compress better than 1032 : 1 (258 bytes in two bits).
static const uint64_t greatestDeflateRatio = 1032;

typedef struct {
  const uint8_t *bytes;
  size_t count;
  size_t position;
  CImageStatus failure;
  char *message;
  size_t messageCapacity;
  png_structp png;
  png_infop info;
  jmp_buf jump;
} PNGReader;

static void fail(png_structp png, png_const_charp message) {
  PNGReader *reader = png_get_error_ptr(png);
  if (reader->failure == CImageStatusDone) reader->failure = CImageStatusDamaged;
  strncpy(reader->message, message, reader->messageCapacity - 1);
  longjmp(reader->jump, 1);
}

// Warnings are about chunks that do not change pixels.
static void ignoreWarning(png_structp png, png_const_charp message) {
  (void)png;
  (void)message;
}

static void readBytes(png_structp png, png_bytep destination, size_t count) {
  PNGReader *reader = png_get_io_ptr(png);
  if (count > reader->count - reader->position) {
    reader->failure = CImageStatusTruncated;
    png_error(png, "the data ends inside a chunk");
  }
  memcpy(destination, reader->bytes + reader->position, count);
  reader->position += count;
}

static void readHeader(PNGReader *reader, CImageHeader *header) {
  png_structp png = reader->png;
  // The caller limits the size, with a message of its own.
  png_set_user_limits(png, PNG_UINT_31_MAX, PNG_UINT_31_MAX);
  png_set_read_fn(png, reader, readBytes);
  png_read_info(png, reader->info);
  header->width = png_get_image_width(png, reader->info);
  header->height = png_get_image_height(png, reader->info);
  int isColor = (png_get_color_type(png, reader->info) & PNG_COLOR_MASK_COLOR) != 0;
  header->channels = isColor ? 3 : 1;
  uint64_t rowByteCount = png_get_rowbytes(png, reader->info);
  header->minimumByteCount = rowByteCount * header->height / greatestDeflateRatio;
}

static void readPixels(PNGReader *reader, uint8_t *pixels, size_t capacity, CImageHeader *header) {
  png_structp png = reader->png;
  int colorType = png_get_color_type(png, reader->info);
  if (colorType == PNG_COLOR_TYPE_PALETTE) png_set_palette_to_rgb(png);
  if (colorType == PNG_COLOR_TYPE_GRAY) png_set_expand_gray_1_2_4_to_8(png);
  png_set_scale_16(png);
  png_set_strip_alpha(png);
  int passCount = png_set_interlace_handling(png);
  png_read_update_info(png, reader->info);

  size_t rowByteCount = (size_t)header->width * header->channels;
  if (png_get_rowbytes(png, reader->info) != rowByteCount ||
      capacity / rowByteCount < header->height) {
    png_error(png, "the header changed between two readings");
  }
  for (int pass = 0; pass < passCount; pass++) {
    for (uint32_t row = 0; row < header->height; row++) {
      png_read_row(png, pixels + row * rowByteCount, NULL);
    }
  }
  // Reads up to the end chunk, so that a file cut off after the pixels is found out.
  png_read_end(png, NULL);
}

// Apart from `decode`, because a long jump may lose changes to locals of the function it lands in.
static CImageStatus decodeUntilFailure(
  PNGReader *reader, uint8_t *pixels, size_t pixelCapacity, CImageHeader *header) {
  if (setjmp(reader->jump)) return reader->failure;
  reader->png = png_create_read_struct(PNG_LIBPNG_VER_STRING, reader, fail, ignoreWarning);
  if (!reader->png) return CImageStatusOutOfMemory;
  reader->info = png_create_info_struct(reader->png);
  if (!reader->info) return CImageStatusOutOfMemory;
  readHeader(reader, header);
  if (pixels) readPixels(reader, pixels, pixelCapacity, header);
  return CImageStatusDone;
}

static CImageStatus decode(
  const uint8_t *bytes, size_t count, uint8_t *pixels, size_t pixelCapacity,
  CImageHeader *header) {
  memset(header, 0, sizeof *header);
  PNGReader reader = {
    .bytes = bytes, .count = count, .failure = CImageStatusDone,
    .message = header->message, .messageCapacity = sizeof header->message,
  };
  CImageStatus status = decodeUntilFailure(&reader, pixels, pixelCapacity, header);
  png_destroy_read_struct(&reader.png, &reader.info, NULL);
  return status;
}

CImageStatus CImagePNGReadHeader(const uint8_t *bytes, size_t count, CImageHeader *header) {
  return decode(bytes, count, NULL, 0, header);
}

CImageStatus CImagePNGDecode(
  const uint8_t *bytes, size_t count, uint8_t *pixels, size_t pixelCapacity,
  CImageHeader *header) {
  return decode(bytes, count, pixels, pixelCapacity, header);
}
