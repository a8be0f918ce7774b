//! Signed caller identity at our door and on its way out (RFC 8224). What a call says of its caller is compared with the call here;
//! whether the signature holds is asked of whoever can fetch its certificate, for a bounded time.

use std::sync::Arc;

use super::{
    SipEndpoint, SipOutput,
    call::{Call, Phase},
    caller_id::shown_address,
};
use crate::{
    protocol::{
        sip::{
            access::{IdentityCheck, StirAccess, TrunkAccess},
            address::{NameAddr, elements},
            header::Name,
            message::SipMessage,
            notice::{DialogId, SipNotice},
            transaction::Timer,
        },
        stir::{Called, Claims, SignedPassport, StatementId, canonical, read_identity, write_identity},
    },
    types::{Attestation, CallerIdentity, IdentityFault, Now, Rng, TrunkId},
};

/// How statements about callers are checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IdentityTimes {
    /// Longest that a call waits for the check of its caller, in milliseconds; then it goes on unverified.
    pub wait_ms: u64,
    /// How far the time of a statement may be from ours, in seconds (RFC 8224 6.2.3 knows 60).
    pub fresh_secs: u64,
}

impl Default for IdentityTimes {
    fn default() -> Self {
        Self { wait_ms: 1_000, fresh_secs: 60 }
    }
}

/// What callers' statements came to, since the start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct IdentityCounts {
    /// Verified, by attestation: A, B, C, and those of which the trunk did not say it.
    pub verified: [u64; 4],
    /// Calls without a statement on trunks where one is looked for.
    pub unsigned: u64,
    /// Worth nothing, in the order of [`IdentityFault::ALL`].
    pub failed: [u64; IdentityFault::ALL.len()],
    /// Calls refused for want of a statement that holds.
    pub refused: u64,
    /// Statements of ours.
    pub signed: u64,
}

impl IdentityCounts {
    fn count(&mut self, identity: &CallerIdentity) {
        let place = match identity {
            CallerIdentity::Unsigned => Some(&mut self.unsigned),
            CallerIdentity::Verified { attestation, .. } => self.verified.get_mut(attestation.map_or(3, |at| at as usize)),
            CallerIdentity::Failed { why } => self.failed.get_mut(*why as usize),
        };
        if let Some(count) = place {
            *count += 1;
        }
    }
}

const VERIFIED: [&str; 4] = ["verified_a", "verified_b", "verified_c", "verified"];

impl IdentityCounts {
    /// Each result with its count, faults under their own words.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, u64)> {
        let failed = IdentityFault::ALL.into_iter().map(IdentityFault::as_str).zip(self.failed);
        VERIFIED.into_iter().zip(self.verified).chain([("unsigned", self.unsigned)]).chain(failed)
    }
}

/// A call that waits for the check of its caller.
#[derive(Debug)]
pub struct Waiting {
    /// What the switch will hear.
    notice: SipNotice,
    /// What the statement says, if it holds.
    claims: Claims,
    /// Which one it is.
    statement: StatementId,
    /// Whether a call without a statement that holds is refused.
    is_required: bool,
}

/// What is known of a caller's number before anything has been fetched.
pub(super) enum Claim {
    /// Nobody asks on this road.
    NotAsked,
    /// All that there is to know.
    Known(CallerIdentity),
    /// It fits the call; whether the signature holds is not known.
    ToVerify(SignedPassport),
}

impl SipEndpoint {
    /// What an INVITE that came by this trunk says of its caller.
    pub(super) fn claim_of(&self, invite: &SipMessage, trunk: &TrunkAccess) -> Claim {
        let stir = &trunk.stir;
        let number = |address: &NameAddr| canonical(&address.uri.user()?, &self.access.country_code);
        // RFC 8224 6.1 and ATIS-1000074 5.2.3: the asserted identity before From.
        let shown = shown_address(invite, trunk.caller.is_believed);
        if let Some(verdict) = verdict_of_trunk(invite, &shown, number).filter(|_| stir.takes_verstat) {
            return Claim::Known(verdict);
        }
        if stir.check == IdentityCheck::Off {
            return Claim::NotAsked;
        }
        let statement = invite.values(Name::Identity).flat_map(elements).find_map(read_identity);
        let fault = |why| Claim::Known(CallerIdentity::Failed { why });
        let passport = match statement {
            None => return Claim::Known(CallerIdentity::Unsigned),
            Some(Err(why)) => return fault(why),
            Some(Ok(passport)) => passport,
        };
        let caller = number(&shown);
        let claims = &passport.claims;
        let same = |said: &str, number: &Option<String>| {
            canonical(said, "").as_ref().is_some_and(|said| number.as_ref() == Some(said)) || number.as_deref() == Some(said)
        };
        let now_secs = self.link.now.wall.as_millis() / 1_000;
        if now_secs.abs_diff(claims.issued_at) > self.settings.identity.fresh_secs {
            return fault(IdentityFault::Stale);
        }
        if !same(&claims.caller, &caller) {
            return fault(IdentityFault::OtherCaller);
        }
        let called = number(invite.to());
        if !claims.called.numbers.iter().any(|said| same(said, &called)) {
            return fault(IdentityFault::OtherCalled);
        }
        Claim::ToVerify(passport)
    }

    /// The status with which a trunk that demands a statement hears that there is none that holds: `None` lets the call in.
    pub(super) fn refuses_identity(&mut self, identity: &CallerIdentity, is_required: bool) -> Option<u16> {
        self.link.stats.identities.count(identity);
        let status = refusal_of(identity).filter(|_| is_required)?;
        self.link.stats.identities.refused += 1;
        Some(status)
    }

    /// Keeps a new call until it is known whether its caller's statement holds.
    pub(super) fn await_identity(&mut self, id: DialogId, notice: SipNotice, passport: SignedPassport, is_required: bool) {
        let Some(Call { phase: Phase::Arriving(arriving), .. }) = self.calls.get_mut(&id) else { return };
        let (claims, statement) = (passport.claims.clone(), StatementId::of(&passport));
        arriving.waiting = Some(Box::new(Waiting { notice, claims, statement, is_required }));
        self.link.start(id, Timer::IdentityLate, self.settings.identity.wait_ms);
        self.link.out.push_back(SipOutput::VerifyIdentity { dialog: id, passport: Arc::new(passport) });
    }

    /// The statement of a call's caller was checked, or nobody could in time. Too late for a call that is over or has gone on.
    pub fn identity_checked(&mut self, id: DialogId, checked: Result<(), IdentityFault>, now: Now) {
        self.link.now = now;
        self.checked(id, checked);
    }

    pub(super) fn checked(&mut self, id: DialogId, checked: Result<(), IdentityFault>) {
        let Some(Call { phase: Phase::Arriving(arriving), .. }) = self.calls.get_mut(&id) else { return };
        let Some(waiting) = arriving.waiting.take() else { return };
        self.link.stop(id, Timer::IdentityLate);
        let Waiting { notice, claims, statement, is_required } = *waiting;
        // RFC 8224 12.1: who overheard a statement could call with it as long as it is fresh.
        let until_secs = claims.issued_at.saturating_add_unsigned(self.settings.identity.fresh_secs);
        let now_secs = self.link.now.wall.as_millis() / 1_000;
        let call_id = arriving.dialog.call_id.clone();
        let checked = match checked {
            Ok(()) if !self.used_statements.may_use(statement, &call_id, until_secs, now_secs) => Err(IdentityFault::Replayed),
            checked => checked,
        };
        let identity = match checked {
            Ok(()) => CallerIdentity::Verified { attestation: Some(claims.attestation), origin: Some(claims.origin) },
            Err(why) => CallerIdentity::Failed { why },
        };
        match self.refuses_identity(&identity, is_required) {
            Some(status) => self.refuse_call(id, status, None),
            None => self.link.notice(with_identity(notice, identity)),
        }
    }

    /// Our own statement about the caller whom we show, if the trunk wants one and there is a key: the value of an Identity header.
    pub(super) fn statement(&mut self, trunk: &TrunkId, caller: &str, number: &str, rng: &mut Rng) -> Option<String> {
        let signer = self.settings.signer.clone()?;
        let stir = &self.access.trunk(trunk)?.stir;
        let country_code = &self.access.country_code;
        let caller = canonical(caller, country_code)?;
        let claims = Claims {
            attestation: attestation_for(stir, &caller)?,
            called: Called { numbers: vec![canonical(number, country_code)?] },
            caller,
            issued_at: self.link.now.wall.as_millis() / 1_000,
            origin: uuid(rng),
        };
        let token = claims.sign(signer.as_ref())?;
        self.link.stats.identities.signed += 1;
        Some(write_identity(&token, signer.certificate_url()))
    }
}

/// What the switch hears, with what is known of the caller.
pub(super) fn with_identity(mut notice: SipNotice, known: CallerIdentity) -> SipNotice {
    if let SipNotice::Invited { identity, .. } = &mut notice {
        *identity = Some(known);
    }
    notice
}

/// RFC 8224 6.2.2 and 6.2.3.
fn refusal_of(identity: &CallerIdentity) -> Option<u16> {
    Some(match identity {
        CallerIdentity::Verified { .. } => return None,
        // Use Identity Header.
        CallerIdentity::Unsigned => 428,
        CallerIdentity::Failed { why } => match why {
            // Stale Date.
            IdentityFault::Stale => 403,
            // Bad Identity Info.
            IdentityFault::NoCertificate | IdentityFault::TooLate => 436,
            // Unsupported Credential.
            IdentityFault::Untrusted => 437,
            // Invalid Identity Header.
            IdentityFault::Malformed
            | IdentityFault::OtherCaller
            | IdentityFault::OtherCalled
            | IdentityFault::Signature
            | IdentityFault::ByTrunk
            | IdentityFault::Replayed => 438,
        },
    })
}

/// What a trunk that has checked already says (ATIS-1000082, 3GPP TS 24.229 7.2A.20): the parameter `verstat` of the caller's number,
/// which another address of the call may carry for the one that is shown.
fn verdict_of_trunk(
    invite: &SipMessage,
    shown: &NameAddr,
    number: impl Fn(&NameAddr) -> Option<String>,
) -> Option<CallerIdentity> {
    let verdict = |address: &NameAddr| address.uri.number_param("verstat").map(str::to_owned);
    let elsewhere = || {
        let caller = number(shown)?;
        let others = invite.addresses(Name::AssertedIdentity).chain([invite.from().clone()]);
        others.filter(|address| number(address).as_ref() == Some(&caller)).find_map(|address| verdict(&address))
    };
    match verdict(shown).or_else(elsewhere)?.as_str() {
        "TN-Validation-Passed" => {
            let attestation = invite.first(Name::AttestationIndicator).and_then(|text| Attestation::read(text.trim()));
            let origin = invite.first(Name::OriginationId).map(|text| text.trim().chars().take(64).collect());
            Some(CallerIdentity::Verified { attestation, origin })
        }
        "TN-Validation-Failed" => Some(CallerIdentity::Failed { why: IdentityFault::ByTrunk }),
        "No-TN-Validation" => Some(CallerIdentity::Unsigned),
        _ => None,
    }
}

/// Full attestation is for numbers of ours alone (ATIS-1000074 5.2.3).
fn attestation_for(stir: &StirAccess, caller: &str) -> Option<Attestation> {
    let attests = stir.attests?;
    let is_ours = stir.own_numbers.iter().any(|prefix| caller.starts_with(&**prefix));
    Some(if is_ours { attests } else { attests.max(Attestation::B) })
}

/// A random UUID (RFC 9562 5.4).
fn uuid(rng: &mut Rng) -> String {
    let bits = rng.next_u128() & !(0xf << 76) & !(0x3 << 62) | 0x4 << 76 | 0x2 << 62;
    let hex = format!("{bits:032x}");
    let part = |from: usize, to: usize| hex.get(from..to).unwrap_or_default();
    format!("{}-{}-{}-{}-{}", part(0, 8), part(8, 12), part(12, 16), part(16, 20), part(20, 32))
}
