//! The document of the package `message-summary` (RFC 3842 5). This exchange keeps no voice mail: a caller who could not be
//! answered becomes a callback ticket on the desk, which a lamp cannot be worked off by. So nothing ever waits, and a telephone
//! that asks is told so instead of being refused again and again.

/// That no message waits for this account.
pub fn message_summary(account_uri: &str) -> String {
    format!("Messages-Waiting: no\r\nMessage-Account: {account_uri}\r\nVoice-Message: 0/0 (0/0)\r\n")
}
