//! Signed caller identity (STIR/SHAKEN): what a call says of its caller, whether that holds, and what ours say. Pure: certificates
//! are fetched, and keys kept, elsewhere.
//!
//! | file | about |
//! | --- | --- |
//! | `header.rs` | the Identity header (RFC 8224 4) |
//! | `passport.rs` | the signed statement in it (RFC 8225, RFC 8588) |
//! | `certificate.rs` | whose signature counts (RFC 8226) |
//! | `replay.rs` | which statements have been used (RFC 8224 12.1) |
//! | `signature.rs` | how signatures are spelt |
//! | `number.rs` | numbers as they are compared (RFC 8224 8.3) |

mod certificate;
mod header;
mod number;
mod passport;
mod replay;
mod signature;
#[cfg(test)]
mod tests;

pub use certificate::{certificates_in, is_vouched, verify};
pub use header::{read_identity, write_identity};
pub use number::canonical;
pub use passport::{Called, Claims, PassportSigner, SignedPassport};
pub use replay::{StatementId, UsedStatements};
