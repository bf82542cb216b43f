/// The tenant that a caller names for tenant isolation (`X-Amz-Tenant-Id`, contract 1.2).
package enum TenantID {
    private static let pattern = #"[a-zA-Z0-9\._:\/=+\-@ ]+"#
    private static let maxByteCount = 256
    private static let marks = Set("._:/=+-@ ".utf8)

    /// - Parameter text: The header's value; absent or empty means none.
    /// - Returns: The tenant, or the `ValidationException` for one that AWS refuses.
    package static func check(_ text: String?) -> Result<String?, InvokeError> {
        guard let text, !text.isEmpty else { return .success(nil) }
        var violations: [ValidationViolation] = []
        if text.utf8.count > self.maxByteCount {
            violations.append(.tooLong(text, member: "tenantId", limit: self.maxByteCount))
        }
        if !text.utf8.allSatisfy(self.isAllowed) {
            violations.append(.pattern(text, member: "tenantId", self.pattern))
        }
        return violations.isEmpty ? .success(text) : .failure(ValidationViolation.error(violations))
    }

    private static func isAllowed(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
        default: self.marks.contains(byte)
        }
    }
}
