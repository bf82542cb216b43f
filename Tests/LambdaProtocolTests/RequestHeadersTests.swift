import LambdaProtocol
import Testing

@Suite struct RequestHeadersTests {
    private func message<Value>(_ result: Result<Value, InvokeError>) -> String? {
        guard case .failure(let error) = result else { return nil }
        #expect(error.kind == .validation)
        return error.message
    }

    @Test func anIdempotencyKeyIsAnyTextOf256Bytes() throws {
        #expect(try IdempotencyKey.check(nil).get() == nil)
        #expect(try IdempotencyKey.check("").get() == nil)
        for key in ["order 17", "ü", String(repeating: "k", count: 256)] {
            #expect(try IdempotencyKey.check(key).get() == key)
        }
        #expect(
            self.message(IdempotencyKey.check(String(repeating: "k", count: 257)))?
                .contains("at 'idempotencyKey'") == true)
    }

    @Test func aTenantHasAWSsCharactersAndAtMost256OfThem() throws {
        for tenant in ["a", "Az09._:/=+-@ ", String(repeating: "t", count: 256)] {
            #expect(try TenantID.check(tenant).get() == tenant)
        }
        #expect(try TenantID.check(nil).get() == nil)
        #expect(try TenantID.check("").get() == nil)
        for tenant in ["a\r\nb", "a;b", "ü"] {
            #expect(self.message(TenantID.check(tenant))?.contains("at 'tenantId'") == true)
        }
        #expect(
            self.message(TenantID.check(String(repeating: "t", count: 257)))?
                .hasSuffix("Member must have length less than or equal to 256") == true)
    }

    @Test func aLogTypeIsNoneOrTail() throws {
        #expect(try LogType.wantsTail("Tail").get())
        for text in [nil, "", "None"] { #expect(try !LogType.wantsTail(text).get()) }
        #expect(self.message(LogType.wantsTail("tail"))?.hasSuffix("enum value set: [None, Tail]") == true)
    }
}
