import CLibCrypto
import Diagnostics
import FileAccess

/// SHA-256 of a file's bytes, 64 hexadecimal digits.
func sha256(ofFile path: String) throws(Diagnostic) -> String {
  let file = try MappedFile(path: path)
  var digest = [UInt8](repeating: 0, count: Int(EVP_MAX_MD_SIZE))
  var length: UInt32 = 0
  let status = file.withUnsafeBytes { bytes in
    EVP_Digest(bytes.baseAddress, bytes.count, &digest, &length, EVP_sha256(), nil)
  }
  guard status == 1 else {
    throw Diagnostic(
      file: path, problem: "libcrypto could not compute its SHA-256",
      remedy: "check the installation of libssl")
  }
  return digest.prefix(Int(length)).map { byte in
    let digits = String(byte, radix: 16)
    return digits.count == 1 ? "0" + digits : digits
  }.joined()
}
