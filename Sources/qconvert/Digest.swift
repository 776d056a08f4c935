import CLibCrypto
import Diagnostics
import FileAccess

/// SHA-256 of a file's bytes, 64 hexadecimal digits.
func sha256(ofFile path: String) throws(Diagnostic) -> String {
  let file = try MappedFile(path: path)
  guard let digest = file.withUnsafeBytes(sha256) else { throw missingSHA256(path) }
  return digest
}

/// One SHA-256 for the contents of several files, in order: that of their own ones in a row.
func sha256(ofFiles paths: [String]) throws(Diagnostic) -> String {
  var digests: [UInt8] = []
  for path in paths { digests += try sha256(ofFile: path).utf8 }
  guard let digest = digests.withUnsafeBytes(sha256) else { throw missingSHA256(paths.first ?? "") }
  return digest
}

/// SHA-256 of `bytes`; `nil` where libcrypto has none.
private func sha256(of bytes: UnsafeRawBufferPointer) -> String? {
  var digest = [UInt8](repeating: 0, count: Int(EVP_MAX_MD_SIZE))
  var length: UInt32 = 0
  guard EVP_Digest(bytes.baseAddress, bytes.count, &digest, &length, EVP_sha256(), nil) == 1 else {
    return nil
  }
  return digest.prefix(Int(length)).map { byte in
    let digits = String(byte, radix: 16)
    return digits.count == 1 ? "0" + digits : digits
  }.joined()
}

private func missingSHA256(_ path: String) -> Diagnostic {
  Diagnostic(
    file: path, problem: "libcrypto could not compute its SHA-256",
    remedy: "check the installation of libssl")
}
