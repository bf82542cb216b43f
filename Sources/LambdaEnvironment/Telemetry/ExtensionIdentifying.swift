/// Who knows the extensions that have registered in an environment.
package protocol ExtensionIdentifying: AnyObject {
    /// The name of the extension that was given this identifier; `nil` where nobody was.
    func extensionName(forIdentifier identifier: String) -> String?
}
