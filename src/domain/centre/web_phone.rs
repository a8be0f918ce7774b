//! The public web phone: a page that calls a number of ours. Once its audio is up it is a caller like any other.

use std::sync::Arc;

use super::{Centre, CentreOutput, LegUse, PhoneEffect, Refusal, Timer, Turn, WebCall, session::session_of_ours};
use crate::{
    domain::call::{EndCause, OtherParty, Party, Stage},
    types::{CallId, LegId, SessionId},
};

/// Web phones at a time.
const WEB_PHONES_MAX: usize = 100;
/// A web phone whose audio is not up by then is given up.
const WEB_UP_MS: u64 = 20_000;
/// The first stage passes at once.
const ANSWER_MS: u64 = 5_000;

/// A page that calls.
#[derive(Debug, Clone)]
pub(super) struct WebPhone {
    pub(super) leg: LegId,
    pub(super) number: Arc<str>,
    pub(super) language: Option<String>,
    /// The call, once the audio is up.
    pub(super) call: Option<CallId>,
}

impl Centre {
    pub(super) fn web_call(&mut self, turn: &mut Turn<'_>, call: WebCall) -> Result<(), Refusal> {
        let number = self.directory.number(&call.number).filter(|number| number.is_on_web_phone);
        let Some(number) = number.filter(|_| self.directory.centre.is_web_phone_on) else { return Err(Refusal::WebPhoneOff) };
        let number: Arc<str> = number.number.as_str().into();
        if self.is_draining {
            return Err(Refusal::Draining);
        }
        if self.web_phones.contains_key(&call.session) {
            return Err(Refusal::WrongCallState);
        }
        if self.web_phones.len() >= WEB_PHONES_MAX || self.is_full() {
            return Err(Refusal::TooManyCalls);
        }
        let leg = turn.mint_leg();
        let session = call.session;
        self.web_phones.insert(session, WebPhone { leg, number, language: call.language, call: None });
        self.legs.insert(leg, LegUse::WebPhone(session));
        self.timers.set(Timer::WebPhone(session), Some(turn.now.mono + WEB_UP_MS));
        self.phone(PhoneEffect::OpenWebPhone { leg, session, offer: call.offer });
        Ok(())
    }

    /// The audio is up: from here on it is a call.
    pub(super) fn web_phone_up(&mut self, turn: &mut Turn<'_>, session: SessionId) {
        let Some(phone) = self.web_phones.get(&session).cloned() else { return };
        if phone.call.is_some() {
            return;
        }
        turn.by_customer();
        self.timers.set(Timer::WebPhone(session), None);
        let party = OtherParty { is_web: true, is_looked_up: true, ..OtherParty::default() };
        let stage = Stage::Answering { until: turn.now.mono + ANSWER_MS };
        let (language, name) = (phone.language.as_deref(), session_of_ours(turn.rng));
        let id = self.open_inbound(turn, phone.leg, party, &phone.number, language, stage, name);
        if let Some(phone) = self.web_phones.get_mut(&session) {
            phone.call = Some(id);
        }
        self.out.push_back(CentreOutput::WebPhoneConnected { session });
        self.begin_service(turn, id);
    }

    /// The page never became a call.
    pub(super) fn web_phone_over(&mut self, session: SessionId, cause: EndCause) {
        self.timers.set(Timer::WebPhone(session), None);
        if self.web_phones.remove(&session).is_some() {
            self.out.push_back(CentreOutput::WebPhoneEnded { session, cause });
        }
    }

    pub(super) fn web_phone_elapsed(&mut self, turn: &mut Turn<'_>, session: SessionId) {
        self.end_web_phone(turn, session, EndCause::Lost);
    }

    pub(super) fn web_phone_gone(&mut self, turn: &mut Turn<'_>, session: SessionId) {
        turn.by_customer();
        self.end_web_phone(turn, session, EndCause::Hangup);
    }

    pub(super) fn web_hang_up(&mut self, turn: &mut Turn<'_>, session: SessionId) -> Result<(), Refusal> {
        if !self.web_phones.contains_key(&session) {
            return Err(Refusal::CallOver);
        }
        turn.by_customer();
        self.end_web_phone(turn, session, EndCause::Hangup);
        Ok(())
    }

    pub(super) fn web_digit(&mut self, turn: &mut Turn<'_>, session: SessionId, digit: char) -> Result<(), Refusal> {
        let call = self.web_phones.get(&session).and_then(|phone| phone.call).ok_or(Refusal::CallOver)?;
        if !(digit.is_ascii_digit() || matches!(digit, '*' | '#')) {
            return Err(Refusal::WrongCallState);
        }
        turn.by_customer();
        self.flow_digit(turn, call, digit);
        Ok(())
    }

    pub(super) fn web_candidate(&mut self, session: SessionId, candidate: Arc<str>) -> Result<(), Refusal> {
        let leg = self.web_phones.get(&session).ok_or(Refusal::CallOver)?.leg;
        self.phone(PhoneEffect::Candidate { leg, candidate });
        Ok(())
    }

    fn end_web_phone(&mut self, turn: &mut Turn<'_>, session: SessionId, cause: EndCause) {
        let Some(phone) = self.web_phones.get(&session).cloned() else { return };
        match phone.call {
            Some(call) => self.end_call(turn, call, cause, Party::Customer),
            None => {
                self.close_leg(phone.leg);
                self.web_phone_over(session, cause);
            }
        }
    }
}
