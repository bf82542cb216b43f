import LambdaProtocol
import NIOCore

/// An object of a settings file: each member is asked for once, and none may be left over or stand twice.
struct StrictObject {
    private let place: String
    private var members: [String: ByteBuffer] = [:]

    /// - Parameters:
    ///   - text: The object's text.
    ///   - place: Where it stands in the file.
    init(_ text: ByteBuffer, at place: String) throws(SettingsFileError) {
        if let failure = JSONValidator.validate(text) { throw SettingsFileError(place, "not JSON: \(failure)") }
        guard let members = JSONMembers(text) else { throw SettingsFileError(place, "must be an object") }
        self.place = place
        for member in members.all {
            guard self.members.updateValue(member.value, forKey: member.name) == nil else {
                throw SettingsFileError(self.place(of: member.name), "stands twice")
            }
        }
    }

    /// Where a member stands.
    func place(of name: String) -> String {
        self.place.isEmpty ? name : "\(self.place).\(name)"
    }

    /// Nothing may be left.
    func end() throws(SettingsFileError) {
        guard let name = self.members.keys.min() else { return }
        throw SettingsFileError(self.place(of: name), "there is no such member")
    }

    // MARK: Members

    /// An object, as its text.
    mutating func object(_ name: String) -> ByteBuffer? {
        self.members.removeValue(forKey: name)
    }

    /// The elements of an array, each as its text.
    mutating func elements(_ name: String) throws(SettingsFileError) -> [ByteBuffer]? {
        guard let text = self.members.removeValue(forKey: name) else { return nil }
        guard let elements = JSONMembers.elements(text) else {
            throw SettingsFileError(self.place(of: name), "must be an array")
        }
        return elements
    }

    mutating func string(_ name: String) throws(SettingsFileError) -> String? {
        guard let value = try self.value(name) else { return nil }
        guard let text = value.stringValue else { throw SettingsFileError(self.place(of: name), "must be a string") }
        return text
    }

    mutating func boolean(_ name: String) throws(SettingsFileError) -> Bool? {
        guard let value = try self.value(name) else { return nil }
        guard case .bool(let flag) = value else {
            throw SettingsFileError(self.place(of: name), "must be true or false")
        }
        return flag
    }

    mutating func integer(_ name: String, in range: ClosedRange<Int>) throws(SettingsFileError) -> Int? {
        guard let value = try self.value(name) else { return nil }
        guard let number = value.integerValue, range.contains(number) else {
            throw SettingsFileError(
                self.place(of: name), "must be a whole number from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }

    /// One of several words.
    mutating func word<Word: RawRepresentable & CaseIterable>(
        _ name: String, _ type: Word.Type
    ) throws(SettingsFileError) -> Word? where Word.RawValue == String {
        guard let text = try self.string(name) else { return nil }
        guard let word = Word(rawValue: text) else {
            let words = Word.allCases.map(\.rawValue).joined(separator: " or ")
            throw SettingsFileError(self.place(of: name), "'\(text)' is not \(words)")
        }
        return word
    }

    mutating func strings(
        _ name: String, upTo count: Int, _ isValid: (String) -> Bool
    ) throws(SettingsFileError) -> [String]? {
        guard let elements = try self.elements(name) else { return nil }
        guard elements.count <= count else {
            throw SettingsFileError(self.place(of: name), "has \(elements.count) elements, of which \(count) are allowed")
        }
        var strings: [String] = []
        for (index, element) in elements.enumerated() {
            let place = "\(self.place(of: name))[\(index)]"
            guard case .success(let value) = JSONValue.parse(element), let text = value.stringValue else {
                throw SettingsFileError(place, "must be a string")
            }
            guard isValid(text) else { throw SettingsFileError(place, "'\(text)' is not allowed here") }
            guard !strings.contains(text) else { throw SettingsFileError(place, "'\(text)' stands twice") }
            strings.append(text)
        }
        return strings
    }

    private mutating func value(_ name: String) throws(SettingsFileError) -> JSONValue? {
        guard let text = self.members.removeValue(forKey: name) else { return nil }
        switch JSONValue.parse(text) {
        case .success(let value): return value
        case .failure(let failure): throw SettingsFileError(self.place(of: name), failure.reason)
        }
    }
}
