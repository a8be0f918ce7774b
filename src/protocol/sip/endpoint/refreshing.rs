//! The session timer of an answered call (RFC 4028): we refresh by UPDATE where the peer takes it (RFC 3311), else by a re-INVITE
//! with the same session description; a session that nobody refreshes is ended before its interval is over.

use std::{
    hash::{DefaultHasher, Hash as _, Hasher as _},
    sync::Arc,
};

use super::{
    SipEndpoint, SipSettings,
    call::{Call, End, Phase, Talking},
};
use crate::{
    protocol::sip::{
        compose::Composition,
        header::{Method, Name},
        message::SipMessage,
        notice::{DialogId, Flow},
        session_timer::{SessionAnswer, SessionTimer, min_se_of, refresh_lines, settled_by},
        transaction::{ClientKey, ClientUser, Timer},
    },
    types::Rng,
};

/// A refresh that was refused, cut off or found the way busy is tried again after this long; the end of the interval bounds it.
const REFRESH_AGAIN_MS: u64 = 2_000;
/// How often a 422 may raise the interval of one call: each proxy on the way may have a minimum of its own.
pub(super) const RAISES_MAX: u8 = 4;

/// What refreshing an answered call needs.
#[derive(Debug, Default)]
pub struct Session {
    /// What is agreed; `None` when the session has no timer.
    pub timer: Option<SessionTimer>,
    /// The longest minimum that a 422 has named, in seconds.
    pub min_se_secs: u32,
    /// How often one has.
    pub raises: u8,
    /// Whether they take UPDATE.
    pub allows_update: bool,
    /// The session description that we sent last: a re-INVITE with it changes nothing.
    pub our_sdp: Option<Arc<str>>,
    /// The one that they sent last, as a number, to tell whether another differs.
    pub their_sdp: u64,
    /// Our UPDATE that they have not answered.
    pub update: Option<Update>,
    /// Of a recording session, what the recorder is to know of what is recorded; `None` of calls.
    pub recording: Option<Arc<str>>,
}

/// An UPDATE of ours.
#[derive(Debug)]
pub struct Update {
    /// Its transaction.
    key: ClientKey,
    /// Whether credentials have been sent.
    is_challenged: bool,
}

impl Session {
    /// Takes note of what their INVITE or a 2xx of theirs says of them.
    pub fn note(&mut self, message: &SipMessage) {
        if message.first(Name::Allow).is_some() {
            self.allows_update = message.lists(Name::Allow, "UPDATE");
        }
        if let Some(sdp) = message.sdp() {
            self.their_sdp = fingerprint(&sdp);
        }
    }

    /// Whether this session description is the one that they sent last.
    pub fn is_unchanged(&self, sdp: &str) -> bool {
        self.their_sdp == fingerprint(sdp)
    }

    /// A re-INVITE or UPDATE of ours with what it says of us and of the session.
    pub fn introduce(
        &self,
        message: Composition,
        peer: Flow,
        settings: &SipSettings,
        authorization: Option<(&str, String)>,
    ) -> Composition {
        let timer = self.timer.map(|timer| refresh_lines(timer, &settings.session_timer, self.min_se_secs)).unwrap_or_default();
        let message =
            settings.introduce_as(message, peer, self.feature()).line("User-Agent", &settings.user_agent).lines(&timer);
        match authorization {
            Some((name, value)) => message.line(name, value),
            None => message,
        }
    }

    /// A 422 of theirs: false if it names no minimum above what we asked for, or came too often.
    pub fn raise(&mut self, response: &SipMessage) -> bool {
        let is_higher = min_se_of(response).filter(|least| *least > self.min_se_secs && self.raises < RAISES_MAX);
        if let Some(least) = is_higher {
            (self.min_se_secs, self.raises) = (least, self.raises + 1);
        }
        is_higher.is_some()
    }
}

fn fingerprint(sdp: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    sdp.hash(&mut hasher);
    hasher.finish()
}

impl SipEndpoint {
    fn session_mut(&mut self, id: DialogId) -> Option<&mut Session> {
        match self.calls.get_mut(&id) {
            Some(Call { phase: Phase::Talking(talking), .. }) => Some(&mut talking.session),
            _ => None,
        }
    }

    /// A 2xx of ours has gone out.
    pub(super) fn session_agreed(&mut self, id: DialogId, answer: Option<SessionAnswer>) {
        self.restart_session(id, answer.map(|answer| answer.timer));
    }

    /// A 2xx of theirs has come.
    pub(super) fn session_settled(&mut self, id: DialogId, response: &SipMessage) {
        let timer = settled_by(response).filter(|_| self.settings.session_timer.is_on());
        if let Some(session) = self.session_mut(id) {
            session.note(response);
        }
        self.restart_session(id, timer);
    }

    fn restart_session(&mut self, id: DialogId, timer: Option<SessionTimer>) {
        let Some(session) = self.session_mut(id) else { return };
        // 7.2: a 2xx without Session-Expires ends their side of the bargain. What we were to refresh we go on refreshing: it costs
        // little, and some peers only forget to repeat the header.
        session.timer = timer.or(session.timer.filter(|before| before.is_refresher));
        let Some(timer) = session.timer else {
            self.link.stop(id, Timer::RefreshSession);
            return self.link.stop(id, Timer::SessionOver);
        };
        if timer.is_refresher {
            self.link.start(id, Timer::RefreshSession, timer.refresh_after_ms());
        } else {
            self.link.stop(id, Timer::RefreshSession);
        }
        self.link.start(id, Timer::SessionOver, timer.over_after_ms());
    }

    /// Nobody has refreshed the session in time (10).
    pub(super) fn session_over(&mut self, id: DialogId, rng: &mut Rng) {
        if self.session_mut(id).is_some_and(|session| session.timer.is_some()) {
            self.send_bye(id, true, None, rng);
        }
    }

    /// Half the interval has passed, or a refresh that came to nothing may be tried again.
    pub(super) fn refresh_session(&mut self, id: DialogId, rng: &mut Rng) {
        let Some(Call { phase: Phase::Talking(talking), .. }) = self.calls.get(&id) else { return };
        if talking.end != End::NotYet || talking.session.timer.is_none() || talking.session.update.is_some() {
            return;
        }
        if talking.session.allows_update {
            return self.send_update(id, None, rng);
        }
        // A new offer under way refreshes as well (7.4), once it is answered.
        let is_busy = talking.our_offer.is_some() || talking.their_offer.is_some() || talking.unacknowledged.is_some();
        match talking.session.our_sdp.clone().filter(|_| !is_busy) {
            Some(sdp) => self.send_reinvite(id, sdp, true, None, rng),
            None => self.link.start(id, Timer::RefreshSession, REFRESH_AGAIN_MS),
        }
    }

    /// An UPDATE without a session description (RFC 3311 5.1), which changes nothing but the timer.
    fn send_update(&mut self, id: DialogId, authorization: Option<(&str, String)>, rng: &mut Rng) {
        self.revive_stream(id);
        let key = Self::new_key(rng);
        let Some(Call { phase: Phase::Talking(talking), .. }) = self.calls.get_mut(&id) else { return };
        let peer = talking.dialog.next_flow();
        let via = self.settings.via(peer, &key.branch_text());
        let cseq = talking.dialog.next_cseq();
        talking.session.update = Some(Update { key, is_challenged: authorization.is_some() });
        let (message, flow) = talking.dialog.request(&Method::Update, cseq, &via);
        let message = talking.session.introduce(message, peer, &self.settings, authorization);
        self.link.request(key, flow, ClientUser::Update(id), None, message.finish(), "UPDATE");
    }

    /// A response to it.
    pub(super) fn update_answered(&mut self, id: DialogId, key: ClientKey, message: &SipMessage, status: u16, rng: &mut Rng) {
        let Some(Call { phase: Phase::Talking(talking), .. }) = self.calls.get_mut(&id) else { return };
        let Some(update) = talking.session.update.take_if(|update| update.key == key && status >= 200) else { return };
        match status {
            200..=299 => {
                talking.dialog.refresh(message);
                self.session_settled(id, message);
            }
            401 | 407 if !update.is_challenged => {
                let (trunk, uri) = (talking.trunk.clone(), talking.dialog.request_uri());
                let authorization = trunk.and_then(|trunk| self.authorization(&trunk, message, status, "UPDATE", &uri, rng));
                match authorization {
                    Some(authorization) => self.send_update(id, Some(authorization), rng),
                    None => self.refresh_refused(id, status, rng),
                }
            }
            422 if talking.session.raise(message) => self.send_update(id, None, rng),
            _ => {
                // Whatever it has against UPDATE, a re-INVITE it must understand.
                talking.session.allows_update &= matches!(status, 491 | 500 | 503);
                self.refresh_refused(id, status, rng);
            }
        }
    }

    /// Nobody answered our UPDATE.
    pub(super) fn update_timed_out(&mut self, id: DialogId, rng: &mut Rng) {
        self.refresh_refused(id, 408, rng);
    }

    /// The stream closed under our UPDATE: once more over a new one.
    pub(super) fn update_cut_off(&mut self, id: DialogId) {
        if let Some(session) = self.session_mut(id) {
            session.update = None;
            self.link.start(id, Timer::RefreshSession, REFRESH_AGAIN_MS);
        }
    }

    /// A refresh was refused.
    pub(super) fn refresh_refused(&mut self, id: DialogId, status: u16, rng: &mut Rng) {
        if let Some(session) = self.session_mut(id) {
            session.update = None;
        }
        // 10: these two say that there is no session any more.
        if matches!(status, 408 | 481) {
            return self.send_bye(id, true, None, rng);
        }
        let wait_ms = match self.calls.get(&id).map(|call| &call.phase) {
            Some(Phase::Talking(talking)) if status == 491 => glare_wait_ms(talking, rng),
            _ => REFRESH_AGAIN_MS,
        };
        self.link.start(id, Timer::RefreshSession, wait_ms);
    }

    /// A 422 to an INVITE of ours that begins a call: once more with the interval that it wants (7.3).
    pub(super) fn invite_too_brief(&mut self, id: DialogId, key: ClientKey, message: &SipMessage, rng: &mut Rng) {
        let Some(Call { phase: Phase::Calling(calling), .. }) = self.calls.get_mut(&id) else { return };
        let at = calling.branches.iter().position(|branch| branch.key == key);
        let Some(at) = at.filter(|_| calling.session.raise(message)) else { return self.branch_failed(id, key, 422, rng) };
        let mut branch = calling.branches.remove(at);
        branch.key = Self::new_key(rng);
        branch.cseq += 1;
        branch.is_challenged = false;
        self.send_invite(id, branch, None);
    }

    /// A 422 to a re-INVITE of ours.
    pub(super) fn reoffer_too_brief(&mut self, id: DialogId, key: ClientKey, message: &SipMessage, rng: &mut Rng) {
        let Some(Call { phase: Phase::Talking(talking), .. }) = self.calls.get_mut(&id) else { return };
        let ours = talking.our_offer.as_ref().map(|ours| (ours.offer.clone(), ours.is_refresh));
        match ours.filter(|_| talking.session.raise(message)) {
            Some((offer, is_refresh)) => self.send_reinvite(id, offer, is_refresh, None, rng),
            None => self.reoffer_failed(id, key, 422, rng),
        }
    }
}

/// RFC 3261 14.1: who owns the Call-ID waits 2.1 to 4 s, the other up to 2 s, in steps of 10 ms.
pub(super) fn glare_wait_ms(talking: &Talking, rng: &mut Rng) -> u64 {
    if talking.is_caller { 2_100 + rng.below(191) * 10 } else { rng.below(201) * 10 }
}
