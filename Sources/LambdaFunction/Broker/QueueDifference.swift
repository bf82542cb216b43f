package import AMQP

/// One thing in which a queue differs from how it was declared, as the broker's refusal has it.
///
/// RabbitMQ 3.10 and 4: `inequivalent arg 'NAME' for queue 'Q' in vhost 'V': received … but current is …`, where the
/// last is `none`, `'VALUE'`, or `the value 'VALUE' of type 'TYPE'`.
package struct QueueDifference: Equatable {
    package var name: String
    /// `nil`: the queue has none.
    package var value: AMQPValue?

    /// Reads a refusal; `nil` for a text that says something else.
    package init?(refusal text: String) {
        let parts = text.split(separator: "'", omittingEmptySubsequences: false)
        guard parts.count > 1, parts[0].hasSuffix("inequivalent arg ") else { return nil }
        self.name = String(parts[1])
        if parts.last?.hasSuffix("but current is none") == true { return }
        guard let place = parts.lastIndex(where: { $0.hasSuffix("but current is ") || $0.hasSuffix(" is the value ") }),
            place + 1 < parts.count, let value = Self.value(parts[(place + 1)...])
        else { return nil }
        self.value = value
    }

    /// Reads `VALUE`, or `VALUE`, ` of type `, `TYPE`.
    private static func value(_ parts: ArraySlice<Substring>) -> AMQPValue? {
        let text = String(parts[parts.startIndex])
        let type = parts.count > 2 ? String(parts[parts.startIndex + 2]) : "longstr"
        switch type {
        case "longstr": return .string(text)
        case "bool": return .bool(text == "true")
        default: return Int64(text).map { .int64($0) }
        }
    }

    /// Takes the queue's value over into a declaration.
    ///
    /// - Returns: Whether the declaration is another one now.
    package func apply(to declaration: inout AMQPQueueDeclaration) -> Bool {
        let before = declaration
        switch self.name {
        case "durable": declaration.isDurable = self.value == .string("true")
        case "auto_delete": declaration.isAutoDelete = self.value == .string("true")
        case "exclusive": return false
        default: declaration.arguments[self.name] = self.value
        }
        return declaration != before
    }
}
