// Scales and colours masks, packs them by libpng, and frames them.
#include "pruning/report/picture.hpp"

#include <fmt/format.h>
#include <png.h>

#include <algorithm>
#include <array>
#include <bit>
#include <map>

#include "golden/base/error.hpp"
#include "golden/base/parallel.hpp"
#include "golden/base/svg.hpp"
#include "golden/files/output.hpp"

namespace mixvec::inline pruning {
namespace {

// Of lengths 1, 2, 4, …, 64 and longer.
constexpr std::array<std::uint32_t, 7> kBlues = {0x9FC9F3, 0x74AEE8, 0x4A93DB, 0x2A76C4, 0x1A5BA3, 0x10427C, 0x082A54};
constexpr std::array<std::uint32_t, 7> kOranges = {0xF8C48C, 0xF2A65A, 0xE88830, 0xCF6C14,
                                                   0xA9530B, 0x813D06, 0x572803};

/// The length of the strip that each line (input of row vectors, output of column vectors) belongs to.
std::vector<int> lengths_of_lines(const PrunedMatrix& matrix) {
  std::vector<int> lengths(matrix.pattern.direction == Direction::kRow ? matrix.in : matrix.out, 1);
  for (const Strip& strip : matrix.pattern.strips) {
    for (const std::uint32_t line : strip.index) lengths[line] = strip.length;
  }
  return lengths;
}

std::string base64(const std::string& bytes) {
  constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    std::uint32_t bits = 0;
    for (std::size_t k = 0; k < 3; ++k) {
      bits = bits << 8U | (i + k < bytes.size() ? static_cast<std::uint8_t>(bytes[i + k]) : 0U);
    }
    for (std::size_t k = 0; k < 4; ++k) text += i + k > bytes.size() ? '=' : kDigits[bits >> (18 - 6 * k) & 63U];
  }
  return text;
}

}  // namespace

std::uint32_t colour_of(Direction direction, int length) {
  const auto step = std::min<std::size_t>(std::bit_width(static_cast<unsigned>(std::max(length, 1))) - 1, 6);
  return direction == Direction::kRow ? kBlues[step] : kOranges[step];
}

MaskImage draw_mask(const PrunedMatrix& matrix, bool transposed, std::size_t longest) {
  const std::size_t rows = transposed ? matrix.in : matrix.out;
  const std::size_t columns = transposed ? matrix.out : matrix.in;
  const std::size_t row_step = transposed ? 1 : matrix.in;
  const std::size_t column_step = transposed ? matrix.in : 1;
  const std::size_t side = std::max(rows, columns);
  constexpr std::size_t kComfortable = 1024;  // small masks are magnified to about this size
  const std::size_t shrink = (side + longest - 1) / longest;
  const std::size_t grow = shrink > 1 ? 1 : std::max<std::size_t>(1, std::min(kComfortable / side, std::size_t{16}));
  const std::vector<int> lengths = lengths_of_lines(matrix);
  // Whether the picture's rows are the lines of strips.
  const bool by_row = (matrix.pattern.direction == Direction::kColumn) != transposed;
  std::vector<std::uint32_t> colours;
  colours.reserve(lengths.size());
  for (const int length : lengths) colours.push_back(colour_of(matrix.pattern.direction, length));
  MaskImage image;
  image.width = (columns + shrink - 1) / shrink * grow;
  image.height = (rows + shrink - 1) / shrink * grow;
  image.pixel.resize(3 * image.width * image.height);
  for (std::size_t y = 0; y < image.height; ++y) {
    const std::size_t r0 = y / grow * shrink;
    const std::size_t r1 = std::min(rows, r0 + shrink);
    for (std::size_t x = 0; x < image.width; ++x) {
      const std::size_t c0 = x / grow * shrink;
      const std::size_t c1 = std::min(columns, c0 + shrink);
      const std::size_t area = std::max<std::size_t>(1, (r1 - r0) * (c1 - c0));
      std::array<std::size_t, 3> sum{};
      for (std::size_t r = r0; r < r1; ++r) {
        for (std::size_t c = c0; c < c1; ++c) {
          const bool kept = matrix.mask[r * row_step + c * column_step] != 0;
          const std::uint32_t colour = kept ? colours[by_row ? r : c] : 0xFFFFFF;
          for (std::size_t k = 0; k < 3; ++k) sum[k] += colour >> (16 - 8 * k) & 0xFFU;
        }
      }
      for (std::size_t k = 0; k < 3; ++k) {
        image.pixel[3 * (y * image.width + x) + k] = static_cast<std::uint8_t>((sum[k] + area / 2) / area);
      }
    }
  }
  return image;
}

std::string encode_png(const std::string& name, const MaskImage& image) {
  png_image png{};
  png.version = PNG_IMAGE_VERSION;
  png.width = static_cast<png_uint_32>(image.width);
  png.height = static_cast<png_uint_32>(image.height);
  png.format = PNG_FORMAT_RGB;
  // Masks compress well enough at the fastest setting, and there are many of them.
  png.flags = PNG_IMAGE_FLAG_FAST;
  std::string bytes(PNG_IMAGE_PNG_SIZE_MAX(png), '\0');
  png_alloc_size_t size = bytes.size();
  if (png_image_write_to_memory(&png, bytes.data(), &size, 0, image.pixel.data(), 0, nullptr) == 0) {
    fail_input("{}: found an image of {} x {} that libpng cannot write ({}), expected fewer pixels", name, image.width,
               image.height, png.message);
  }
  bytes.resize(size);
  return bytes;
}

std::string mask_svg(const PrunedMatrix& matrix, bool transposed) {
  const MaskImage image = draw_mask(matrix, transposed);
  constexpr std::size_t kLeft = 44;
  constexpr std::size_t kTop = 76;
  const Direction direction = matrix.pattern.direction;
  std::map<int, std::size_t> kept_of;
  const std::vector<int> lengths = lengths_of_lines(matrix);
  for (std::size_t i = 0; i < matrix.mask.size(); ++i) {
    if (matrix.mask[i] == 0) continue;
    ++kept_of[lengths[direction == Direction::kRow ? i % matrix.in : i / matrix.in]];
  }
  const std::size_t kept = matrix.kept();
  const auto percent = [](std::size_t part, std::size_t whole) {
    return whole == 0 ? 0.0 : 100.0 * static_cast<double>(part) / static_cast<double>(whole);
  };
  const std::size_t width = std::max<std::size_t>(kLeft + image.width + 16, 680);
  std::string svg = begin_svg(static_cast<double>(width), static_cast<double>(kTop + image.height + 16), 12);
  svg += fmt::format("<text x='{}' y='22' font-size='15'>{}: {} of {} weights kept ({:.1f} %), in {} vectors</text>\n",
                     kLeft, escape_xml(matrix.name), kept, matrix.mask.size(), percent(kept, matrix.mask.size()),
                     name_of(direction));
  std::size_t x = kLeft;
  for (const auto& [length, count] : kept_of) {
    const std::string text = fmt::format("length {}: {:.0f} %", length, percent(count, kept));
    svg += fmt::format("<rect x='{}' y='34' width='12' height='12' fill='#{:06X}'/><text x='{}' y='44'>{}</text>\n", x,
                       colour_of(direction, length), x + 16, text);
    x += 26 + 7 * text.size();
  }
  svg += fmt::format(
      "<rect x='{}' y='34' width='12' height='12' fill='#fff' stroke='#999'/><text x='{}' y='44'>pruned</text>\n", x,
      x + 16);
  const char* const across = transposed ? "outputs" : "inputs";
  const char* const down = transposed ? "inputs" : "outputs";
  svg += fmt::format(
      "<text x='{0}' y='{1}'>{2} 0 to {3} →</text>\n<text transform='translate({4} {5}) rotate(90)'>{6} 0 to {7} "
      "→</text>\n",
      kLeft, kTop - 8, across, (transposed ? matrix.out : matrix.in) - 1, kLeft - 22, kTop, down,
      (transposed ? matrix.in : matrix.out) - 1);
  return svg + fmt::format(
                   "<image x='{0}' y='{1}' width='{2}' height='{3}' image-rendering='pixelated' "
                   "href='data:image/png;base64,{4}'/>\n<rect x='{0}' y='{1}' width='{2}' height='{3}' fill='none' "
                   "stroke='#999'/>\n</svg>\n",
                   kLeft, kTop, image.width, image.height, base64(encode_png(matrix.name, image)));
}

void write_mask_pictures(const std::filesystem::path& folder, const std::vector<PrunedMatrix>& matrices, int threads) {
  std::filesystem::create_directories(folder);
  parallel_for(matrices.size(), threads, [&](std::size_t m) {
    const PrunedMatrix& matrix = matrices[m];
    write_file(folder / (matrix.name + ".svg"), mask_svg(matrix, false));
    if (matrix.name.ends_with("W_F1")) {
      write_file(folder / (matrix.name + ".transposed.svg"), mask_svg(matrix, true));
    }
  });
}

}  // namespace mixvec::inline pruning
