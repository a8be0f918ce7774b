//! Keys in offer and answer (RFC 4568 7): what is offered, which of theirs is taken, and when audio without them will do. Optional
//! encryption is offered as keys beside plain audio, `RTP/AVP` with `a=crypto` (RFC 8643): peers that cannot do it overlook the
//! keys and the call is plain, while `RTP/SAVP` would be refused. Required encryption is offered as `RTP/SAVP`.

use std::sync::Arc;

use super::{AudioTerms, CryptoAttribute, MediaLine, NoCommonMedia, SdpSession, crypto};
use crate::{
    protocol::rtp::{KeyMaterial, SrtpKeys},
    types::{MediaEncryption, PerFamily},
};

/// How a line of theirs would be encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Keying<'a> {
    /// Not at all.
    Plain,
    /// With this attribute of theirs.
    Keyed(&'a CryptoAttribute),
}

/// Whether a media line speaks RTP for which no handshake is needed; feedback (RFC 4585) is not sent, and need not be.
pub(super) fn is_rtp(line: &MediaLine) -> bool {
    matches!(line.protocol.as_str(), "RTP/AVP" | "RTP/AVPF") || is_secured(line)
}

/// Whether it is one of encrypted audio alone.
pub(super) fn is_secured(line: &MediaLine) -> bool {
    matches!(line.protocol.as_str(), "RTP/SAVP" | "RTP/SAVPF")
}

/// How an offered line is encrypted under these terms; `None` if it cannot be agreed to.
pub(super) fn keying<'a>(line: &'a MediaLine, terms: &AudioTerms) -> Option<Keying<'a>> {
    match line.crypto.first().filter(|_| terms.allow_keys()) {
        // Those that we cannot use have been left out: the first is the best in the offerer's eyes (RFC 4568 7.1.2).
        Some(attribute) => Some(Keying::Keyed(attribute)),
        None => (terms.allow_plain() && !is_secured(line)).then_some(Keying::Plain),
    }
}

impl SdpSession {
    /// On what terms its audio is agreed.
    pub fn terms(&self) -> &AudioTerms {
        &self.terms
    }

    /// The profile of a first offer.
    pub(super) fn offered_protocol(&self) -> &'static str {
        if self.terms.encryption == MediaEncryption::Required { "RTP/SAVP" } else { "RTP/AVP" }
    }

    /// The attributes of an offer of ours.
    pub(super) fn offered_keys(&self) -> Vec<CryptoAttribute> {
        let keys = self.keys.as_ref().filter(|_| self.terms.allow_keys());
        keys.map(|keys| crypto::our_attributes(|suite| keys.key(suite))).unwrap_or_default()
    }

    /// The attribute with which an offered line is answered, and the two keys that come of it.
    pub(super) fn answer_keys(&self, keying: Keying<'_>) -> Option<(CryptoAttribute, SrtpKeys)> {
        let Keying::Keyed(CryptoAttribute { tag, key: theirs }) = keying else { return None };
        let ours = self.keys.as_ref()?.key(theirs.suite());
        let attribute = CryptoAttribute { tag: *tag, key: ours.clone() };
        Some((attribute, SrtpKeys { ours, theirs: theirs.clone() }))
    }

    /// The two keys that come of the line with which our offer is answered; `None` when the audio is plain.
    pub(super) fn accepted_keys(&self, line: &MediaLine) -> Result<Option<Box<SrtpKeys>>, NoCommonMedia> {
        let keys = self.keys.as_ref().filter(|_| self.terms.allow_keys());
        let theirs = line.crypto.iter().find(|attribute| crypto::answers_ours(attribute)).map(|attribute| &attribute.key);
        match keys.zip(theirs) {
            Some((keys, theirs)) => Ok(Some(Box::new(SrtpKeys { ours: keys.key(theirs.suite()), theirs: theirs.clone() }))),
            // Whoever takes none of our keys and says that it encrypts would not be understood.
            None if self.terms.allow_plain() && !is_secured(line) && line.crypto.is_empty() => Ok(None),
            None => Err(NoCommonMedia),
        }
    }

    /// Our first offer as peers of each family are to get it over signalling that nobody else can read. Whoever answers has had one form
    /// of it alone, so both are the same version, and what follows is a later one of the form that was answered (RFC 3264 8).
    pub fn offers_over_tls(&mut self) -> PerFamily<Arc<str>> {
        let mut secure = self.unsaid();
        secure.terms.is_secure = true;
        let offers = secure.offers();
        self.version = self.version.max(secure.version);
        self.said_otherwise = secure.last;
        offers
    }

    /// Their signalling has come, and nobody else can read it, or others can: what they agree to counts as that allows.
    pub fn note_signalling(&mut self, is_secure: bool) {
        if std::mem::replace(&mut self.terms.is_secure, is_secure) != is_secure {
            std::mem::swap(&mut self.last, &mut self.said_otherwise);
        }
    }

    /// The same session with keys to offer, drawn for it alone.
    pub fn with_keys(mut self, keys: KeyMaterial) -> Self {
        self.keys = Some(keys);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        protocol::{media::RemoteMedia, rtp::SrtpSuite, sdp::Description},
        types::{IpFamily, PerFamily},
    };

    const THEIR_KEY: &str = "inline:PS1uQCVeeCFCanVmcjkpPywjNWhcYD0mXXtxaVBR";

    fn session(encryption: MediaEncryption, is_secure: bool) -> SdpSession {
        let terms = AudioTerms { encryption, is_secure, ..AudioTerms::default() };
        let mut octets = [0; KeyMaterial::OCTETS];
        octets.iter_mut().zip(1..).for_each(|(octet, number)| *octet = number);
        SdpSession::new(77, PerFamily::One("198.51.100.5:20000".parse().unwrap()))
            .with_terms(terms)
            .with_keys(KeyMaterial::new(octets))
    }

    fn body(media: &str) -> Description {
        Description::parse(&format!("v=0\r\no=- 1 1 IN IP4 h\r\ns=-\r\nc=IN IP4 192.0.2.7\r\nt=0 0\r\n{media}")).unwrap()
    }

    fn keyed(protocol: &str) -> Description {
        body(&format!("m=audio 4000 {protocol} 0\r\na=crypto:4 AES_CM_128_HMAC_SHA1_80 {THEIR_KEY}\r\n"))
    }

    fn plain() -> Description {
        body("m=audio 4000 RTP/AVP 0\r\n")
    }

    fn is_encrypted(agreed: Result<(String, RemoteMedia), NoCommonMedia>) -> Option<bool> {
        agreed.ok().map(|(sdp, agreed)| {
            assert_eq!(sdp.contains("a=crypto:4 AES_CM_128_HMAC_SHA1_80 inline:"), agreed.srtp.is_some(), "{sdp}");
            agreed.srtp.is_some()
        })
    }

    #[test]
    fn offers_are_answered_as_the_terms_and_the_signalling_allow() {
        use MediaEncryption::{Never, Optional, Required};
        let (yes, no, refused) = (Some(true), Some(false), None);
        // Offered: encrypted alone, keys beside plain audio, plain audio alone.
        for (encryption, is_secure, expected) in [
            (Optional, true, [yes, yes, no]),
            (Required, true, [yes, yes, refused]),
            (Never, true, [refused, no, no]),
            (Optional, false, [refused, no, no]),
            (Required, false, [refused, refused, refused]),
            (Never, false, [refused, no, no]),
        ] {
            let answered = [keyed("RTP/SAVP"), keyed("RTP/AVP"), plain()]
                .map(|offer| is_encrypted(session(encryption, is_secure).answer(&offer)));
            assert_eq!(answered, expected, "{encryption:?} secure {is_secure}");
        }
        assert_eq!(is_encrypted(session(Optional, true).answer(&keyed("RTP/SAVPF"))), yes);
        assert_eq!(is_encrypted(session(Optional, true).answer(&body("m=audio 4000 RTP/SAVP 0\r\n"))), refused);
    }

    #[test]
    fn an_answer_mirrors_profile_and_tag_and_the_next_offer_keeps_the_profile() {
        let mut ours = session(MediaEncryption::Optional, true);
        let (sdp, agreed) = ours.answer(&keyed("RTP/SAVP")).unwrap();
        assert!(sdp.contains("m=audio 20000 RTP/SAVP 0\r\n"), "{sdp}");
        let keys = agreed.srtp.unwrap();
        assert_eq!((keys.ours.suite(), keys.ours.octets()[0]), (SrtpSuite::AesCm128HmacSha1_80, 1));
        assert_eq!(keys.theirs.octets()[..3], *b"=-n");
        let again = ours.offer();
        assert!(again.contains("m=audio 20000 RTP/SAVP 0 8"), "{again}");
        assert_eq!(again.matches("a=crypto:").count(), 3, "{again}");
    }

    #[test]
    fn of_two_lines_the_encrypted_one_is_taken() {
        let offer =
            format!("m=audio 4000 RTP/AVP 0\r\nm=audio 4002 RTP/SAVP 0\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 {THEIR_KEY}\r\n");
        let (sdp, agreed) = session(MediaEncryption::Optional, true).answer(&body(&offer)).unwrap();
        assert_eq!((agreed.address.port(), agreed.srtp.is_some()), (4002, true));
        assert!(sdp.contains("m=audio 0 RTP/AVP 0\r\n"), "{sdp}");
        let (_, agreed) = session(MediaEncryption::Never, true).answer(&body(&offer)).unwrap();
        assert_eq!((agreed.address.port(), agreed.srtp.is_some()), (4000, false));
    }

    #[test]
    fn our_offer_holds_keys_only_where_they_are_secret_and_its_answer_is_held_to_it() {
        use MediaEncryption::{Never, Optional, Required};
        for (encryption, is_secure, profile, keys) in [
            (Optional, true, "RTP/AVP", 3),
            (Required, true, "RTP/SAVP", 3),
            (Never, true, "RTP/AVP", 0),
            (Optional, false, "RTP/AVP", 0),
        ] {
            let sdp = session(encryption, is_secure).offer();
            assert!(sdp.contains(&format!("m=audio 20000 {profile} 0 8")), "{sdp}");
            assert_eq!(sdp.matches("a=crypto:").count(), keys, "{sdp}");
        }
        let answer = |encryption, is_secure, media: String| {
            let mut ours = session(encryption, is_secure);
            ours.offer();
            ours.accept(&body(&media)).map(|agreed| agreed.srtp.is_some())
        };
        let line = |profile: &str, crypto: &str| format!("m=audio 4000 {profile} 0\r\n{crypto}");
        let first = format!("a=crypto:1 AES_CM_128_HMAC_SHA1_80 {THEIR_KEY}\r\n");
        let unasked = format!("a=crypto:2 AES_CM_128_HMAC_SHA1_80 {THEIR_KEY}\r\n");
        assert_eq!(answer(Optional, true, line("RTP/AVP", &first)), Ok(true));
        assert_eq!(answer(Optional, true, line("RTP/AVP", "")), Ok(false));
        assert_eq!(answer(Optional, true, line("RTP/AVP", &unasked)), Err(NoCommonMedia));
        assert_eq!(answer(Required, true, line("RTP/SAVP", &first)), Ok(true));
        assert_eq!(answer(Required, true, line("RTP/SAVP", "")), Err(NoCommonMedia));
        assert_eq!(answer(Required, true, line("RTP/AVP", "")), Err(NoCommonMedia));
        assert_eq!(answer(Optional, false, line("RTP/AVP", &first)), Err(NoCommonMedia));
    }

    #[test]
    fn what_follows_a_first_offer_is_a_later_version_of_the_form_that_was_answered() {
        use MediaEncryption::{Never, Optional, Required};
        let version = |sdp: &str| sdp.split(' ').nth(2).and_then(|word| word.parse::<u64>().ok()).unwrap();
        for (encryption, over_tls) in [(Required, true), (Optional, true), (Optional, false), (Never, true), (Never, false)] {
            let mut ours = session(encryption, false);
            let in_clear = (encryption != Required).then(|| ours.offers());
            let secure = ours.offers_over_tls();
            let said = if over_tls { secure } else { in_clear.unwrap() };
            let said = said.of(IpFamily::V4);
            // One telephone rings over TLS, and another one takes the call.
            ours.note_signalling(!over_tls);
            ours.note_signalling(over_tls);
            assert_eq!((version(said), ours.offer()), (1, said.to_string()), "{encryption:?}: said again it is the same");
            ours.settle();
            ours.move_to("198.51.100.5:20010".parse().unwrap(), KeyMaterial::new([9; KeyMaterial::OCTETS]));
            assert_eq!(version(&ours.offer()), 2, "{encryption:?}");
        }
    }

    #[test]
    fn what_is_written_down_or_printed_of_a_session_holds_no_key() {
        let mut ours = session(MediaEncryption::Optional, true);
        let (sdp, agreed) = ours.answer(&keyed("RTP/SAVP")).unwrap();
        let key = sdp.split("inline:").nth(1).and_then(|rest| rest.split("\r\n").next()).unwrap();
        let kept = serde_json::to_string(&ours).unwrap();
        for text in [kept.clone(), format!("{ours:?}"), format!("{agreed:?}")] {
            assert!(!text.contains(key) && !text.contains("PS1uQ") && !text.contains("inline"), "{text}");
        }
        let mut back: SdpSession = serde_json::from_str(&kept).unwrap();
        back.move_to("198.51.100.5:20010".parse().unwrap(), KeyMaterial::new([9; KeyMaterial::OCTETS]));
        let again = back.offer();
        assert!(again.contains("RTP/SAVP 0 8") && again.contains("a=crypto:1 ") && !again.contains(key), "{again}");
    }
}
