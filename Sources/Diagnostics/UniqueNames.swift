// A device gets finished models; sets compute with floating-point load factors.
#if !hasFeature(Embedded)

  /// The names that a graph has given to its tensors or operations: a ``Diagnostic`` names the place
  /// of a problem, so that each name has to mean one thing.
  package struct UniqueNames: Sendable {
    private var taken: Set<String>
    // Where numbering goes on, by the name that is numbered: thousands may want the same one.
    private var suffixes: [String: Int] = [:]

    /// Begins with names that are taken already.
    package init(_ taken: some Sequence<String> = []) {
      self.taken = Set(taken)
    }

    /// `name`, numbered from 2 where it is taken, and from now on taken.
    package mutating func take(_ name: String) -> String {
      if taken.insert(name).inserted { return name }
      var suffix = suffixes[name] ?? 2
      var numbered = "\(name)_\(suffix)"
      while !taken.insert(numbered).inserted {
        suffix += 1
        numbered = "\(name)_\(suffix)"
      }
      suffixes[name] = suffix + 1
      return numbered
    }

    /// Makes `name` free again.
    package mutating func free(_ name: String) {
      taken.remove(name)
    }
  }

#endif
