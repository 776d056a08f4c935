// PNG and JPEG bytes to 8-bit pixels, by the system's libpng and libjpeg-turbo.
//
// Both libraries report errors by long jumps, which Swift must not see: they begin and end inside
// these functions. Each function reads the whole file from memory, keeps nothing between calls, and
// may run on several threads at once.

#ifndef C_IMAGE_CODECS_H
#define C_IMAGE_CODECS_H

#include <stddef.h>
#include <stdint.h>

/// How a call went.
typedef enum {
  /// The results are filled in.
  CImageStatusDone = 0,
  /// The bytes end before the image does.
  CImageStatusTruncated,
  /// The bytes break the rules of their format.
  CImageStatusDamaged,
  /// The bytes are right, but use something that is not decoded here.
  CImageStatusUnsupported,
  /// A library could not allocate what it needs.
  CImageStatusOutOfMemory,
} CImageStatus;

/// What the header of an image says, and what went wrong.
typedef struct {
  /// Pixels in a row.
  uint32_t width;
  /// Rows.
  uint32_t height;
  /// Samples of a decoded pixel: 1 for gray, 3 for red, green and blue.
  uint32_t channels;
  /// The least number of bytes that a file with such a header can have.
  uint64_t minimumByteCount;
  /// The library's own words about the failure, terminated by zero; empty when there was none.
  char message[200];
} CImageHeader;

/// Reads the header of a PNG file.
CImageStatus CImagePNGReadHeader(const uint8_t *bytes, size_t count, CImageHeader *header);

/// Decodes a PNG file into `pixels`, which holds `width * height * channels` bytes of the same
/// file's header. Samples of 16 bits are scaled to 8 with rounding, palettes looked up, alpha and
/// transparent colors dropped, color profiles and gamma ignored.
CImageStatus CImagePNGDecode(
  const uint8_t *bytes, size_t count, uint8_t *pixels, size_t pixelCapacity, CImageHeader *header);

/// Reads the header of a JPEG file.
CImageStatus CImageJPEGReadHeader(const uint8_t *bytes, size_t count, CImageHeader *header);

/// Decodes a JPEG file into `pixels`, which holds `width * height * channels` bytes of the same
/// file's header, with the accurate integer inverse DCT and triangle ("fancy") upsampling, so that
/// every machine gets the same pixels. CMYK, stored inverted as Adobe does, becomes RGB.
CImageStatus CImageJPEGDecode(
  const uint8_t *bytes, size_t count, uint8_t *pixels, size_t pixelCapacity, CImageHeader *header);

#endif
