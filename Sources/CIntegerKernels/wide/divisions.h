// How the channels and pixels of a layer are divided into blocks, panels and tiles.

// Blocks of lane_count channels.
static size_t wide_blocks(size_t channels) { return (channels + lane_count - 1) / lane_count; }

// The panels of a group. They are as equal as can be, for threads to share.
typedef struct {
  size_t count, blocks;
} panel_division;

static size_t first_block(panel_division panels, size_t panel) {
  return panels.blocks * panel / panels.count;
}

// What WIDE_TILES is made of: tiles of 1, 2, … pixels.
#define PIXELS_2(TILE, blocks) TILE(1, blocks) TILE(2, blocks)
#define PIXELS_3(TILE, blocks) PIXELS_2(TILE, blocks) TILE(3, blocks)
#define PIXELS_4(TILE, blocks) PIXELS_3(TILE, blocks) TILE(4, blocks)
#define PIXELS_6(TILE, blocks) PIXELS_4(TILE, blocks) TILE(5, blocks) TILE(6, blocks)
#define PIXELS_8(TILE, blocks) PIXELS_6(TILE, blocks) TILE(7, blocks) TILE(8, blocks)
#define PIXELS_12(TILE, blocks) \
  PIXELS_8(TILE, blocks) TILE(9, blocks) TILE(10, blocks) TILE(11, blocks) TILE(12, blocks)
#define PIXELS_16(TILE, blocks) \
  PIXELS_12(TILE, blocks) TILE(13, blocks) TILE(14, blocks) TILE(15, blocks) TILE(16, blocks)
