// Errors about pictures: decoding, and the sizes asked of preprocessing.
import { errorFamily } from "../entry.ts";

export const imageErrors = errorFamily({
  ImageCorrupt: {
    kind: "ImageError",
    message: "{image} cannot be decoded: {why}",
    hint: "The picture is damaged or cut off; open it in a viewer, or save it again.",
    about:
      "The file begins as a picture does, but its content cannot be decoded to the end. A picture that is cut off is refused, not filled up.",
  },
  ImageUnsupported: {
    kind: "ImageError",
    message: "{image} is not a picture that can be decoded ({what})",
    hint: "The formats are {formats}.",
    about: "The content (not the name) of the file decides what it is. It is not one of the formats that are decoded.",
  },
  ImageTooLarge: {
    kind: "ImageError",
    message: "{image} is {width} x {height} pixels, more than the limit of {limit} pixels",
    hint: "Scale it down first, or raise the limit with the option `maxPixels`.",
    about:
      "A small file can hold a huge picture that fills the memory when it is decoded. Pictures above the limit are refused before that.",
  },
  ImageDataMismatch: {
    kind: "ImageError",
    message: "{op}: {actual} bytes of RGB were given for a picture of {width} x {height}, expected {expected}",
    hint: "Raw pictures are 3 bytes per pixel, row by row, without padding: width * height * 3 bytes.",
    about: "A raw picture is `{ data, width, height }` with 8-bit red, green and blue interleaved. Its size must fit its data.",
  },
  ImageDecoderMissing: {
    kind: "ImageError",
    message: "pictures cannot be decoded here: the package sharp does not load ({why})",
    hint: "Install it for this platform with `npm install sharp`, or hand over raw RGB to preprocessRgb.",
    about:
      "Decoding uses the library inside the `sharp` package, which has a build per platform. Everything but decoding works without it.",
  },
});
