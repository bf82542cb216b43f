/// Names with all their values, in the order in which the names came first.
struct ValueGroups {
    private(set) var groups: [(name: String, values: [String])] = []
    private var indices: [String: Int] = [:]

    /// - Parameter key: What makes two names the same.
    init(_ pairs: some Sequence<(name: String, value: String)>, key: (String) -> String = { $0 }) {
        for (name, value) in pairs {
            let key = key(name)
            if let index = self.indices[key] {
                self.groups[index].values.append(value)
            } else {
                self.indices[key] = self.groups.count
                self.groups.append((name, [value]))
            }
        }
    }

    /// Header fields, whose names are the same in any case.
    init(_ fields: [HTTPField]) {
        self.init(fields.lazy.map { ($0.name, $0.value) }) { $0.lowercased() }
    }

    var isEmpty: Bool { self.groups.isEmpty }
}
