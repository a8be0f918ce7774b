//! What can be set about the public web phone.

use crate::types::settings::settings;

settings! {
    /// Section `web_phone`.
    pub struct WebPhoneSettings {
        /// Whether /call and its socket exist at all.
        pub enabled: bool = true,
        /// Origins of pages that may call besides this server's own, such as "https://www.example.org".
        pub origins: Vec<String> = Vec::new(),
        /// Calls that one address may begin per minute.
        pub calls_per_minute: u32 = 6,
        /// Calls that may begin per minute, from all addresses together.
        pub all_calls_per_minute: u32 = 120,
        /// Web phone calls at a time, all together.
        pub calls_max: usize = 50,
    }
}
