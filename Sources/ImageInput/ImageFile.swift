import Diagnostics
import FileAccess
import Glibc

/// Reads images from files: PPM and PGM (P2, P3, P5, P6), PNG and JPEG.
///
/// The pixels are those that Pillow gives after `convert("RGB")` (or `"L"` of a gray file), which is
/// what models are trained on: alpha is dropped, color profiles and gamma are not applied, CMYK
/// becomes RGB. One thing is different: the orientation that a camera recorded in a JPEG is applied,
/// so that the model sees the picture as people do.
public enum ImageFile {
  /// Decodes the image at `path`; its content tells the format, not its name.
  ///
  /// Bytes after the end of the image do not matter. Throws a ``Diagnostic`` that names the file
  /// when it cannot be read, is no image, is truncated or damaged, uses something that is not
  /// supported, or exceeds ``ImageLimits``.
  public static func read(path: String) throws(Diagnostic) -> Image {
    let file = try MappedFile(path: path)
    do throws(Diagnostic) {
      let image = try decode(file.bytes)
      // The bytes must outlive the decoding.
      return withExtendedLifetime(file) { image }
    } catch {
      throw error.inFile(path)
    }
  }

  /// The same for one of many images: a file of up to 4 MB is copied into `buffer` and not mapped.
  public static func read(path: String, buffer: FileBuffer) throws(Diagnostic) -> Image {
    guard let bytes = try buffer.read(path: path, limit: 4 << 20) else {
      return try read(path: path)
    }
    do throws(Diagnostic) {
      let image = try decode(bytes)
      // The bytes must outlive the decoding.
      return withExtendedLifetime(buffer) { image }
    } catch {
      throw error.inFile(path)
    }
  }

  /// Decodes an image that lies in memory. Throws as ``read(path:)`` does, without a file name.
  public static func decode(_ bytes: UnsafeRawBufferPointer) throws(Diagnostic) -> Image {
    switch try ImageFormat(recognizing: bytes) {
    case .portableAnymap: try PortableAnymap.decode(bytes)
    case .png: try CodecLibrary.png.decode(bytes)
    case .jpeg: try CodecLibrary.jpeg.decode(bytes).oriented(by: JPEGOrientation(of: bytes))
    }
  }

  /// The images right inside `folder`, with the folder's path before each name, in the order of
  /// their names' bytes: files whose names end in `.ppm`, `.pgm`, `.pnm`, `.png`, `.jpg` or `.jpeg`,
  /// in any case, and do not begin with a dot.
  ///
  /// Throws a ``Diagnostic`` when the folder is missing, cannot be read, or holds no such file.
  public static func list(folder: String) throws(Diagnostic) -> [String] {
    let prefix = folder.hasSuffix("/") ? folder : folder + "/"
    let names = try FolderListing.names(in: folder).filter { name in
      guard !name.hasPrefix("."), let dot = name.lastIndex(of: ".") else { return false }
      return extensions.contains(name[name.index(after: dot)...].lowercased())
    }
    let paths = names.map { prefix + $0 }.filter { !FolderListing.isFolder($0) }
    guard !paths.isEmpty else {
      throw Diagnostic(
        file: folder, problem: "the folder holds no image",
        remedy: "put files there that end in .ppm, .pgm, .pnm, .png, .jpg or .jpeg")
    }
    return paths.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  }

  private static let extensions: Set<String> = ["ppm", "pgm", "pnm", "png", "jpg", "jpeg"]
}

/// What a folder holds.
private enum FolderListing {
  static func names(in folder: String) throws(Diagnostic) -> [String] {
    guard let stream = opendir(folder) else { throw failure(folder, errno) }
    defer { closedir(stream) }
    var names: [String] = []
    while true {
      errno = 0
      guard let entry = readdir(stream) else {
        guard errno == 0 else { throw failure(folder, errno) }
        return names
      }
      names.append(name(of: entry))
    }
  }

  static func isFolder(_ path: String) -> Bool {
    var status = stat()
    // A file that cannot be looked at stays in the list, so that reading it says why.
    return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
  }

  private static func name(of entry: UnsafeMutablePointer<dirent>) -> String {
    withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
      String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
    }
  }

  private static func failure(_ folder: String, _ code: Int32) -> Diagnostic {
    switch code {
    case ENOENT:
      return Diagnostic(
        file: folder, problem: "there is no such folder", remedy: "check the path")
    case ENOTDIR:
      return Diagnostic(
        file: folder, problem: "it is not a folder", remedy: "name a folder of images")
    case EACCES, EPERM:
      return Diagnostic(
        file: folder, problem: "no permission to read it", remedy: "check the folder's rights")
    default:
      let text = strerror(code).map { String(cString: $0) } ?? "error \(code)"
      return Diagnostic(file: folder, problem: "cannot be read: \(text)")
    }
  }
}
