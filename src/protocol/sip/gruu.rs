//! Globally routable user agent URIs (RFC 5627): addresses that lead to one device of an account and to no other, from anywhere. The
//! public one names the device and is always the same. The temporary ones tell nobody whose they are, nor that two are of one
//! device; they hold as long as the device keeps its registration. None is written down: a public one is read, a temporary one is
//! opened with the node's key.

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::{Digest as _, Sha256};

use super::address::{Scheme, Uri, user_part};

/// What begins the user part of a temporary one.
const TEMPORARY: &str = "tgruu.";
/// The longest name of a device that stands in a URI as it is; others are hashed.
const INSTANCE_MAX: usize = 100;
/// Octets of the tag by which a temporary one is known to be ours.
const TAG: usize = 8;
/// Octets that name the registration and the REGISTER.
const SEALED: usize = 12;

/// What a device is called in its public address (3.1.1): the value of +sip.instance without its brackets, where a URI can hold that.
pub fn instance_name(instance: &str) -> String {
    let name = instance.trim_start_matches('<').trim_end_matches('>');
    let is_plain = |octet: u8| octet.is_ascii_alphanumeric() || b"-_.:~".contains(&octet);
    if !name.is_empty() && name.len() <= INSTANCE_MAX && name.bytes().all(is_plain) {
        return name.to_ascii_lowercase();
    }
    hex(&Sha256::digest(instance.as_bytes())[..16])
}

/// The registration of a device of an account under a Call-ID. With another Call-ID it is another one, so that the temporary
/// addresses that were given out before lead nowhere (5.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct RegistrationName(u64);

impl RegistrationName {
    /// Its name.
    pub fn of(account: &str, instance: &str, call_id: &str) -> Self {
        let mut hash = Sha256::new();
        for part in [account, instance, call_id] {
            hash.update(part.len().to_be_bytes());
            hash.update(part.as_bytes());
        }
        Self(leading_u64(&hash.finalize()))
    }
}

/// What a URI with `gr` leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Gruu {
    /// The device of that name of this account.
    Public {
        /// User part of the address of record.
        account: String,
        /// As [`instance_name`] says.
        instance: String,
    },
    /// A device by its registration.
    Temporary(RegistrationName),
    /// It has the form and is none of ours: 404 (6.1).
    Unknown,
}

/// Makes and opens them.
#[derive(Clone)]
pub struct Gruus {
    key: [u8; 32],
}

impl std::fmt::Debug for Gruus {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Gruus")
    }
}

impl Gruus {
    /// With this key. Temporary addresses hold under the key that they were made with.
    pub fn new(key: [u8; 32]) -> Self {
        Self { key }
    }

    /// The public one of a device.
    pub fn public(aor: &Uri, account: &str, instance: &str) -> String {
        format!("{}:{}@{};gr={instance}", scheme(aor), user_part(account), host_port(aor))
    }

    /// A temporary one; `number` distinguishes those of one registration.
    pub fn temporary(&self, aor: &Uri, registration: RegistrationName, number: u32) -> String {
        let mut body = [0; SEALED];
        body[..8].copy_from_slice(&registration.0.to_be_bytes());
        body[8..].copy_from_slice(&number.to_be_bytes());
        // The tag of what is inside is what it is masked with: two of one device have nothing in common.
        let tag = self.prf("tag", &body);
        mask(&mut body, &self.prf("mask", &tag[..TAG]));
        format!("{}:{TEMPORARY}{}{}@{};gr", scheme(aor), hex(&tag[..TAG]), hex(&body), host_port(aor))
    }

    /// What a URI leads to; `None` if it is no such address.
    pub fn read(&self, uri: &Uri) -> Option<Gruu> {
        let instance = uri.param("gr")?;
        let user = uri.user().unwrap_or_default();
        if !instance.is_empty() {
            return Some(Gruu::Public { account: user, instance: instance.to_ascii_lowercase() });
        }
        let sealed = user.strip_prefix(TEMPORARY)?;
        Some(self.open(sealed).map_or(Gruu::Unknown, Gruu::Temporary))
    }

    /// Whether a contact is an address that we made for this account, under its address of record.
    pub fn is_made_for(&self, contact: &Uri, aor: &Uri, account: &str) -> bool {
        let is_ours = contact.host().eq_ignore_ascii_case(aor.host()) && contact.port() == aor.port();
        is_ours
            && match self.read(contact) {
                Some(Gruu::Public { account: of, .. }) => of == account,
                Some(Gruu::Temporary(_) | Gruu::Unknown) => true,
                None => false,
            }
    }

    fn open(&self, sealed: &str) -> Option<RegistrationName> {
        let octets = octets::<{ TAG + SEALED }>(sealed)?;
        let (tag, sealed) = octets.split_at(TAG);
        let mut body: [u8; SEALED] = sealed.try_into().ok()?;
        mask(&mut body, &self.prf("mask", tag));
        (self.prf("tag", &body)[..TAG] == *tag).then(|| RegistrationName(leading_u64(&body)))
    }

    fn prf(&self, purpose: &str, input: &[u8]) -> [u8; 32] {
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&self.key) else { return [0; 32] };
        mac.update(purpose.as_bytes());
        mac.update(input);
        mac.finalize().into_bytes().into()
    }
}

fn scheme(aor: &Uri) -> &'static str {
    if aor.scheme() == Scheme::Sips { "sips" } else { "sip" }
}

fn host_port(aor: &Uri) -> String {
    match aor.port() {
        Some(port) => format!("{}:{port}", aor.host()),
        None => aor.host().to_owned(),
    }
}

fn mask(body: &mut [u8], with: &[u8]) {
    for (octet, mask) in body.iter_mut().zip(with) {
        *octet ^= mask;
    }
}

fn leading_u64(octets: &[u8]) -> u64 {
    octets.first_chunk::<8>().map_or(0, |first| u64::from_be_bytes(*first))
}

fn hex(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02x}")).collect()
}

fn octets<const N: usize>(text: &str) -> Option<[u8; N]> {
    let mut octets = [0; N];
    if text.len() != 2 * N || !text.is_ascii() {
        return None;
    }
    for (at, octet) in octets.iter_mut().enumerate() {
        *octet = u8::from_str_radix(text.get(2 * at..2 * at + 2)?, 16).ok()?;
    }
    Some(octets)
}

#[cfg(test)]
mod tests {
    use super::*;

    const INSTANCE: &str = "<urn:uuid:F81D4FAE-7dec-11d0-a765-00a0c91e6bf6>";

    fn uri(text: &str) -> Uri {
        Uri::parse(text).unwrap()
    }

    #[test]
    fn a_public_one_names_the_device_and_is_always_the_same() {
        let name = instance_name(INSTANCE);
        assert_eq!(name, "urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6");
        let made = Gruus::public(&uri("sip:101@[2001:db8::1]:5062"), "101", &name);
        assert_eq!(made, "sip:101@[2001:db8::1]:5062;gr=urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6");
        let read = Gruus::new([1; 32]).read(&uri(&made)).unwrap();
        assert_eq!(read, Gruu::Public { account: "101".into(), instance: name });
        let odd = instance_name("<a phone; with=\"odd\" name>");
        assert_eq!((odd.len(), odd.clone()), (32, instance_name("<a phone; with=\"odd\" name>")));
        assert_eq!(instance_name(&"a".repeat(4_000)).len(), 32);
    }

    #[test]
    fn temporary_ones_lead_to_the_registration_and_have_nothing_in_common() {
        let (gruus, aor) = (Gruus::new([7; 32]), uri("sip:101@centre"));
        let registration = RegistrationName::of("101", INSTANCE, "call");
        let [first, second] = [1, 2].map(|number| gruus.temporary(&aor, registration, number));
        for made in [&first, &second] {
            assert!(made.starts_with("sip:tgruu.") && made.ends_with("@centre;gr") && !made.contains("101@"), "{made}");
            assert_eq!(gruus.read(&uri(made)), Some(Gruu::Temporary(registration)));
        }
        let differing = first.bytes().zip(second.bytes()).filter(|(a, b)| a != b).count();
        assert!(differing > 25, "{first} {second}");
        assert_ne!(registration, RegistrationName::of("101", INSTANCE, "another"));
    }

    #[test]
    fn what_is_not_ours_leads_nowhere() {
        let (gruus, aor) = (Gruus::new([7; 32]), uri("sip:101@centre"));
        let made = gruus.temporary(&aor, RegistrationName::of("101", INSTANCE, "call"), 1);
        assert_eq!(Gruus::new([8; 32]).read(&uri(&made)), Some(Gruu::Unknown), "another key");
        for (from, to) in [("tgruu.", "tgruu.0"), ("@", "0@")] {
            assert_eq!(gruus.read(&uri(&made.replacen(from, to, 1))), Some(Gruu::Unknown));
        }
        let mut forged = made.clone().into_bytes();
        forged[12] = if forged[12] == b'0' { b'1' } else { b'0' };
        assert_eq!(gruus.read(&uri(&String::from_utf8(forged).unwrap())), Some(Gruu::Unknown));
        assert_eq!(gruus.read(&aor), None);
    }
}
