//! Keys of a leg by the ways they come: events in RTP (RFC 4733), INFO (RFC 6086), and tones in the audio where the peer has agreed on
//! no events. A peer that uses two ways would press each key twice: one counts.

use serde::{Deserialize, Deserializer, Serialize, de::IgnoredAny};

use super::legs::Legs;
use crate::{domain::centre::CentreInput, types::LegId};

/// How keys reach us.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(super) enum DigitWay {
    /// RFC 4733.
    Rtp,
    /// RFC 6086.
    Info,
    /// As tones in the audio, with the last key. It may be one of a secret, so it is not written down.
    Tone(#[serde(skip)] Option<char>),
}

impl<'de> Deserialize<'de> for DigitWay {
    /// An earlier version wrote the key beside `Tone`; it is left out.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        enum Plain {
            Rtp,
            Info,
            Tone,
        }
        #[derive(Deserialize)]
        enum WithKey {
            Tone(IgnoredAny),
        }
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Written {
            Plain(Plain),
            WithKey(WithKey),
        }
        Ok(match Written::deserialize(deserializer)? {
            Written::Plain(Plain::Rtp) => Self::Rtp,
            Written::Plain(Plain::Info) => Self::Info,
            Written::Plain(Plain::Tone) | Written::WithKey(WithKey::Tone(_)) => Self::Tone(None),
        })
    }
}

impl DigitWay {
    /// Whether a key counts that came by `way`, where `self` is how others came before. The first way counts, but tones give way
    /// to what says its keys outright.
    fn counts(self, way: Self, digit: char) -> bool {
        match (self, way) {
            (Self::Rtp, Self::Rtp) | (Self::Info, Self::Info) | (Self::Tone(_), Self::Tone(_) | Self::Rtp) => true,
            // A telephone says by INFO what it has sounded a moment before.
            (Self::Tone(sounded), Self::Info) => sounded != Some(digit),
            (Self::Rtp, Self::Info | Self::Tone(_)) | (Self::Info, Self::Rtp | Self::Tone(_)) => false,
        }
    }

    /// The way that keys come by after one by `way`.
    fn then(self, way: Self) -> Self {
        match self {
            Self::Tone(_) => way,
            Self::Rtp | Self::Info => self,
        }
    }
}

impl Legs {
    /// A key was pressed.
    pub(super) fn digit(&mut self, leg: LegId, digit: char, way: DigitWay) {
        let Some(entry) = self.get_mut(leg) else { return };
        let is_counted = entry.digits_by.is_none_or(|before| before.counts(way, digit));
        entry.digits_by = Some(entry.digits_by.map_or(way, |before| before.then(way)));
        if is_counted {
            self.tell(CentreInput::Digit { leg, digit });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Which of these keys count.
    fn counted(pressed: &[(DigitWay, char)]) -> String {
        let mut by: Option<DigitWay> = None;
        let mut counted = String::new();
        for (way, digit) in pressed {
            counted.extend(by.is_none_or(|before| before.counts(*way, *digit)).then_some(*digit));
            by = Some(by.map_or(*way, |before| before.then(*way)));
        }
        counted
    }

    #[test]
    fn a_telephone_that_sounds_its_keys_and_says_them_by_info_presses_each_once() {
        use DigitWay::{Info, Tone};
        let tones_first =
            [(Tone(Some('1')), '1'), (Info, '1'), (Tone(Some('1')), '1'), (Info, '1'), (Tone(Some('2')), '2'), (Info, '2')];
        assert_eq!(counted(&tones_first), "112");
        let info_first = [(Info, '1'), (Tone(Some('1')), '1'), (Info, '1'), (Tone(Some('1')), '1')];
        assert_eq!(counted(&info_first), "11");
        // A tone that was missed is made up for.
        assert_eq!(counted(&[(Tone(Some('1')), '1'), (Info, '1'), (Info, '7')]), "17");
        assert_eq!(counted(&[(Tone(Some('1')), '1'), (Tone(Some('1')), '1'), (Tone(Some('2')), '2')]), "112");
    }

    #[test]
    fn events_agreed_upon_later_take_the_place_of_tones() {
        use DigitWay::{Info, Rtp, Tone};
        assert_eq!(counted(&[(Tone(Some('1')), '1'), (Rtp, '1'), (Info, '1'), (Tone(Some('1')), '1'), (Rtp, '3')]), "113");
    }

    #[test]
    fn no_key_is_written_down_and_the_way_is() {
        for (way, kept) in [(DigitWay::Rtp, "\"Rtp\""), (DigitWay::Info, "\"Info\""), (DigitWay::Tone(Some('7')), "\"Tone\"")] {
            assert_eq!(serde_json::to_string(&way).unwrap(), kept);
        }
        // As the version before wrote it.
        for (written, way) in [
            ("\"Rtp\"", DigitWay::Rtp),
            ("\"Info\"", DigitWay::Info),
            (r#"{"Tone":"7"}"#, DigitWay::Tone(None)),
            (r#"{"Tone":null}"#, DigitWay::Tone(None)),
        ] {
            assert_eq!(serde_json::from_str::<DigitWay>(written).unwrap(), way, "{written}");
        }
        assert!(serde_json::from_str::<DigitWay>("\"Mouth\"").is_err());
        let back: DigitWay = serde_json::from_str("\"Tone\"").unwrap();
        assert_eq!(back, DigitWay::Tone(None));
        assert!(back.counts(DigitWay::Info, '7') && back.counts(DigitWay::Rtp, '7'));
    }
}
