/// Certificates for tests: of an authority, a server and a client.
///
/// They are good for a hundred years, and their keys are worth nothing.
package enum TestCertificates {
    /// The authority that signed the others.
    package static let authority = """
        -----BEGIN CERTIFICATE-----
        MIIBoTCCAUegAwIBAgIUCasYB4hNgzyTLEhmiCPsSAEs15kwCgYIKoZIzj0EAwIw
        JTEjMCEGA1UEAwwaTGFtYmRhIEFNUVAgdGVzdCBhdXRob3JpdHkwIBcNMjYxMTIx
        MDQxMTEzWhgPMjEyNjEwMjgwNDExMTNaMCUxIzAhBgNVBAMMGkxhbWJkYSBBTVFQ
        IHRlc3QgYXV0aG9yaXR5MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEFGSkfsQ0
        sDwhcxh8mH08QPqWuG8LfuLj6ilqVUO4hylbXjAO8gdHFMrvquNUoCWgIefl9T4c
        Ojzda3OXy88MPKNTMFEwHQYDVR0OBBYEFPexOYS35Ppe8viAmctd1OAFrfIqMB8G
        A1UdIwQYMBaAFPexOYS35Ppe8viAmctd1OAFrfIqMA8GA1UdEwEB/wQFMAMBAf8w
        CgYIKoZIzj0EAwIDSAAwRQIhAMdFUudmfiWBRNs2t1c9p7QKJ9NbDrhuVO3ImOl3
        yfLrAiBsJkcQwYlPzjrbqNuK0TCZd83moil7sHWRYr3YDUj/QA==
        -----END CERTIFICATE-----
        """ + "\n"

    /// A certificate for `localhost`, 127.0.0.1 and ::1.
    package static let server = """
        -----BEGIN CERTIFICATE-----
        MIIBtDCCAVugAwIBAgIUQH0zrw96bHR9dsLWWdxdyqHv1kcwCgYIKoZIzj0EAwIw
        JTEjMCEGA1UEAwwaTGFtYmRhIEFNUVAgdGVzdCBhdXRob3JpdHkwIBcNMjYxMTIx
        MDQxMTEzWhgPMjEyNjEwMjgwNDExMTNaMBExDzANBgNVBAMMBnNlcnZlcjBZMBMG
        ByqGSM49AgEGCCqGSM49AwEHA0IABOcUM3NofaeiR9lhTY6L8HMoGOemRhE1rHAq
        MFXKKp2IGZ9T+I4Rdxb0jRz42qla9IQKHYtNNSzVdLfbitZEGLGjezB5MCwGA1Ud
        EQQlMCOCCWxvY2FsaG9zdIcEfwAAAYcQAAAAAAAAAAAAAAAAAAAAATAJBgNVHRME
        AjAAMB0GA1UdDgQWBBSFdIZ3zj/nqUcOnDgfAyGMdtr/NjAfBgNVHSMEGDAWgBT3
        sTmEt+T6XvL4gJnLXdTgBa3yKjAKBggqhkjOPQQDAgNHADBEAiAzCTQnbEXplEjP
        rpqJmT4Mow9rkOhN1mMj0xhhXBAZRwIgSw1POHvxN1mNPTOo2H/UZodmcAOUTZWi
        QK5UJzEofrY=
        -----END CERTIFICATE-----
        """ + "\n"

    /// The key of ``server``.
    package static let serverKey = """
        -----BEGIN PRIVATE KEY-----
        MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgS17OByPhxWTl5/y1
        1BOcrMVCAR4B5OX5IdoZeEo1CBShRANCAATnFDNzaH2nokfZYU2Oi/BzKBjnpkYR
        NaxwKjBVyiqdiBmfU/iOEXcW9I0c+NqpWvSECh2LTTUs1XS324rWRBix
        -----END PRIVATE KEY-----
        """ + "\n"

    /// A client's certificate.
    package static let client = """
        -----BEGIN CERTIFICATE-----
        MIIBtjCCAVugAwIBAgIUQH0zrw96bHR9dsLWWdxdyqHv1kgwCgYIKoZIzj0EAwIw
        JTEjMCEGA1UEAwwaTGFtYmRhIEFNUVAgdGVzdCBhdXRob3JpdHkwIBcNMjYxMTIx
        MDQxMTEzWhgPMjEyNjEwMjgwNDExMTNaMBExDzANBgNVBAMMBmNsaWVudDBZMBMG
        ByqGSM49AgEGCCqGSM49AwEHA0IABPOjkcEdv656REgYO2xzACLABiT3JFWAyKph
        Y2QoILymeR/DIklDKcBUO10L2zjXlYIRV6KfjUjvJEgU4chIFM+jezB5MCwGA1Ud
        EQQlMCOCCWxvY2FsaG9zdIcEfwAAAYcQAAAAAAAAAAAAAAAAAAAAATAJBgNVHRME
        AjAAMB0GA1UdDgQWBBRI4+YJ7/NLtXN4astDNtMVtxv6djAfBgNVHSMEGDAWgBT3
        sTmEt+T6XvL4gJnLXdTgBa3yKjAKBggqhkjOPQQDAgNJADBGAiEAoFbEy0s6d/JU
        MdxAGS/OAawByX7XSVWBLCDS3k5cqvYCIQCb9kYP6equTpytAigVG0rkrV/WxB0s
        t66//4EAmtS7oA==
        -----END CERTIFICATE-----
        """ + "\n"

    /// The key of ``client``.
    package static let clientKey = """
        -----BEGIN PRIVATE KEY-----
        MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgoIVV9+12ccsCxp+G
        HzdEEwN6oXCh6a01pST1rAW/A0yhRANCAATzo5HBHb+uekRIGDtscwAiwAYk9yRV
        gMiqYWNkKCC8pnkfwyJJQynAVDtdC9s415WCEVein41I7yRIFOHISBTP
        -----END PRIVATE KEY-----
        """ + "\n"

    /// A key that nobody can read without its pass phrase.
    package static let encryptedKey = """
        -----BEGIN EC PRIVATE KEY-----
        Proc-Type: 4,ENCRYPTED
        DEK-Info: AES-128-CBC,9DEAB73B8506145CD08076F7F58C4CFB

        RdKpQ2gYV0ocx30S2NgMrsMQlRoPThOxBAurKdTmoK4mLKHNya0/KiZbGj5l2Lyt
        C0JyXTq64STecxbSdfBUuN2EyMNH8g4bw1/hhvJXwd4TZLsKNbQOqA9qXIIhnBfv
        N7gTg16WJTaV5UTBkAVPUKNkKR0shaV3vgOAZHJ8Y1I=
        -----END EC PRIVATE KEY-----
        """ + "\n"
}
