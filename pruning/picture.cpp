// Scales masks and writes them through libpng.
#include "pruning/picture.hpp"

#include <png.h>

#include <algorithm>
#include <string>

#include "golden/cli.hpp"
#include "golden/error.hpp"

namespace mixvec {

GreyImage draw_mask(std::span<const std::uint8_t> mask, std::size_t out, std::size_t in, bool transposed,
                    std::size_t longest) {
  const std::size_t rows = transposed ? in : out;
  const std::size_t columns = transposed ? out : in;
  const std::size_t row_step = transposed ? 1 : in;
  const std::size_t column_step = transposed ? in : 1;
  const std::size_t side = std::max(rows, columns);
  constexpr std::size_t kComfortable = 1024;  // small masks are magnified to about this size
  const std::size_t shrink = (side + longest - 1) / longest;
  const std::size_t grow = shrink > 1 ? 1 : std::max<std::size_t>(1, std::min(kComfortable / side, std::size_t{16}));
  GreyImage image;
  image.width = (columns + shrink - 1) / shrink * grow;
  image.height = (rows + shrink - 1) / shrink * grow;
  image.pixel.resize(image.width * image.height);
  for (std::size_t y = 0; y < image.height; ++y) {
    const std::size_t r0 = y / grow * shrink;
    const std::size_t r1 = std::min(rows, r0 + shrink);
    for (std::size_t x = 0; x < image.width; ++x) {
      const std::size_t c0 = x / grow * shrink;
      const std::size_t c1 = std::min(columns, c0 + shrink);
      std::size_t kept = 0;
      for (std::size_t r = r0; r < r1; ++r) {
        for (std::size_t c = c0; c < c1; ++c) kept += mask[r * row_step + c * column_step];
      }
      const std::size_t area = (r1 - r0) * (c1 - c0);
      image.pixel[y * image.width + x] = static_cast<std::uint8_t>(255 - (kept * 255 + area / 2) / area);
    }
  }
  return image;
}

void write_png(const std::filesystem::path& path, const GreyImage& image) {
  std::string bytes;
  png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, nullptr, nullptr, nullptr);
  png_infop info = png != nullptr ? png_create_info_struct(png) : nullptr;
  std::vector<png_bytep> rows(image.height);
  for (std::size_t y = 0; y < image.height; ++y) rows[y] = const_cast<png_bytep>(&image.pixel[y * image.width]);
  volatile bool good = info != nullptr;
  // libpng reports errors by jumping back here; nothing with a destructor is made below.
  if (good && setjmp(png_jmpbuf(png)) != 0) good = false;  // NOLINT(cert-err52-cpp)
  if (good) {
    png_set_write_fn(
        png, &bytes,
        [](png_structp p, png_bytep data, png_size_t size) {
          static_cast<std::string*>(png_get_io_ptr(p))->append(reinterpret_cast<const char*>(data), size);
        },
        [](png_structp) {});
    // Masks compress well enough at the fastest setting, and there are many of them.
    png_set_compression_level(png, 1);
    png_set_filter(png, 0, PNG_FILTER_NONE);
    png_set_IHDR(png, info, static_cast<png_uint_32>(image.width), static_cast<png_uint_32>(image.height), 8,
                 PNG_COLOR_TYPE_GRAY, PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    png_write_info(png, info);
    png_write_image(png, rows.data());
    png_write_end(png, nullptr);
  }
  png_destroy_write_struct(&png, &info);
  if (!good) {
    fail_input("{}: found an image of {} x {} that libpng cannot write, expected fewer pixels", path.string(),
               image.width, image.height);
  }
  write_file(path, bytes);
}

}  // namespace mixvec
