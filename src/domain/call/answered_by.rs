//! Who has answered a call that an agent made, as far as its audio tells, and the message that is left on a machine.

use serde::{Deserialize, Serialize};

use super::{Call, CallCx, CallEventKind, Stage};
use crate::types::{AgentId, Answer, AnswerCause, AnswerDetect, Mono, Now, Timestamp};

/// Ringing tones may be heard for so long after the answer, and stop the detector's clock meanwhile.
const RINGING_MS_MAX: u64 = 30_000;

/// What is known of who has answered.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct AnsweredBy {
    /// Who.
    pub answer: Option<Answer>,
    /// Whether it is being found out.
    pub is_listening: bool,
    /// Whether the machine has beeped and listens.
    pub has_beeped: bool,
    /// For so long a machine's beep is awaited, by the rules of its begin.
    #[serde(default)]
    beep_ms_max: u64,
    /// Until then a beep may still come.
    beep_until: Option<Mono>,
    /// The same, for people.
    #[serde(default)]
    pub beep_until_at: Option<Timestamp>,
    message: Option<Message>,
}

/// A message that is left.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Message {
    /// A shared prompt.
    prompt: String,
    /// It has begun; before, the machine's beep is awaited.
    is_said: bool,
}

impl AnsweredBy {
    /// Until then a beep may come, or none can any more.
    fn await_beep(&mut self, until: Option<Now>) {
        (self.beep_until, self.beep_until_at) = (until.map(|until| until.mono), until.map(|until| until.wall));
    }
}

impl Call {
    /// What is known of who has answered; `None` if nobody asked.
    pub fn answered_by(&self) -> Option<&AnsweredBy> {
        self.answered_by.as_ref()
    }

    /// From now on it is found out by these limits.
    pub fn listen_for_answer(&mut self, limits: &AnswerDetect, cx: &CallCx<'_>) {
        let beep_ms_max = limits.beep_ms_max;
        let until = cx.now.plus_millis(RINGING_MS_MAX + limits.total_ms_max + beep_ms_max);
        let mut known = AnsweredBy { is_listening: true, beep_ms_max, ..AnsweredBy::default() };
        known.await_beep(Some(until));
        self.answered_by = Some(known);
    }

    /// It is told who has answered. A machine may still beep.
    pub fn note_answer(&mut self, answer: Answer, cause: AnswerCause, after_ms: u64, cx: &mut CallCx<'_>) {
        let Some(known) = self.answered_by.as_mut().filter(|known| known.is_listening) else { return };
        (known.is_listening, known.answer) = (false, Some(answer));
        let may_beep = answer == Answer::Machine && known.beep_ms_max > 0;
        let until = may_beep.then(|| cx.now.plus_millis(known.beep_ms_max));
        known.await_beep(until);
        self.say(cx, CallEventKind::AnswerDetected { answer, cause, after_ms: whole(after_ms) });
    }

    /// The machine has beeped and listens.
    pub fn note_beep(&mut self, after_ms: u64, cx: &mut CallCx<'_>) {
        let Some(known) = self.answered_by.as_mut().filter(|known| !known.has_beeped) else { return };
        known.has_beeped = true;
        known.await_beep(None);
        self.say(cx, CallEventKind::Beeped { after_ms: whole(after_ms) });
    }

    /// The agent leaves this shared prompt as a message and goes. It is said at once, or after the beep if one may still
    /// come; then when none has come by the time that is given back.
    pub fn leave_message(&mut self, agent: AgentId, prompt: &str, cx: &mut CallCx<'_>) -> Option<Mono> {
        let known = self.answered_by.get_or_insert_default();
        known.message = Some(Message { prompt: prompt.to_owned(), is_said: false });
        self.say(cx, CallEventKind::MessageChosen { agent, prompt: prompt.to_owned() });
        self.beep_until(cx.now.mono)
    }

    /// Until when a beep may still come; `None` if none can come any more.
    pub fn beep_until(&self, now: Mono) -> Option<Mono> {
        self.answered_by.as_ref()?.beep_until.filter(|until| *until > now)
    }

    /// The message that is to be left and has not begun, which begins now.
    pub fn begin_message(&mut self) -> Option<String> {
        let message = self.answered_by.as_mut()?.message.as_mut().filter(|message| !message.is_said)?;
        message.is_said = true;
        Some(message.prompt.clone())
    }

    /// Whether a message waits to be left.
    pub fn awaits_beep(&self) -> bool {
        let message = self.answered_by.as_ref().and_then(|known| known.message.as_ref());
        matches!(self.stage(), Stage::Leaving { .. }) && message.is_some_and(|message| !message.is_said)
    }

    /// The message has been said to its end.
    pub fn note_message_left(&mut self, cx: &mut CallCx<'_>) {
        let message = self.answered_by.as_ref().and_then(|known| known.message.as_ref());
        if let Some(prompt) = message.filter(|message| message.is_said).map(|message| message.prompt.clone()) {
            self.say(cx, CallEventKind::MessageLeft { prompt });
        }
    }

    /// Nobody listens any more, as after a restart: what was not told stays untold, and a message that was cut off begins anew.
    pub(super) fn stop_listening(&mut self) {
        let Some(known) = &mut self.answered_by else { return };
        known.is_listening = false;
        known.await_beep(None);
        if let Some(message) = &mut known.message {
            message.is_said = false;
        }
    }
}

fn whole(ms: u64) -> i64 {
    i64::try_from(ms).unwrap_or(i64::MAX)
}
