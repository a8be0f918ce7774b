//! What the world does on its own: callers, agents at their screens, supervisors, and how telephones react.

use super::*;

impl Day {
    pub(super) fn arrive(&mut self) {
        let called =
            self.pick(&["1000", "1000", "1001", "1001", "1002", "1003", "1004", "1005", "1006", "1009", "999"]).unwrap();
        let leg = LegId::mint(self.now.wall, &mut self.dice);
        let number = format!("+3491100000{}", self.callback_dice.below(4));
        let number = self.chance(80).then(|| PhoneNumber::parse(&number, "34").unwrap());
        let trunk = Some(id("carrier"));
        let can_hear_early = self.chance(80);
        let caller = CallerLine { is_withheld: number.is_none(), number, trunk, can_hear_early, ..CallerLine::default() };
        self.legs.insert(leg);
        self.inbound.insert(leg);
        self.input(CentreInput::Arrived { leg, caller, called: called.into(), language: Some("en-GB".into()) });
        let patience = 500 + self.below(120_000);
        self.later(patience, Later::HangUp(leg));
        for _ in 0..3 {
            let (ms, digit) = (self.below(20_000), self.pick(&['1', '2', '3', '7', '*']).unwrap());
            self.later(ms, Later::Input(CentreInput::Digit { leg, digit }));
        }
        if self.chance(5) {
            let ms = self.below(40_000);
            self.later(ms, Later::Input(CentreInput::LegAudio { leg, is_up: false }));
            if self.chance(50) {
                self.later(ms + 3_000, Later::Input(CentreInput::LegAudio { leg, is_up: true }));
            }
        }
    }

    /// Somebody sets a callback up, puts one off, or calls one off.
    pub(super) fn set_up_callback(&mut self) {
        let scheduled_at = Some(self.now.wall.plus_millis(i64::try_from(self.callback_dice.below(600_000)).unwrap()));
        let agent =
            (self.callback_dice.below(2) == 0).then(|| id(AGENTS[usize::try_from(self.callback_dice.below(5)).unwrap()]));
        let one = self.centre.callbacks.all.keys().next().copied();
        let command = match (self.callback_dice.below(20), one) {
            (0, _) => CentreCommand::RequestCallback(Box::new(CallbackWish {
                id: CallbackId::mint(self.now.wall, &mut self.callback_dice),
                number: PhoneNumber::parse("+34911000009", "34").unwrap(),
                customer: None,
                segment: Some("gold".into()),
                queue: id(["sales", "support"][usize::try_from(self.callback_dice.below(2)).unwrap()]),
                language: None,
                note: None,
                call: None,
                scheduled_at,
                zone: Some("Europe/Madrid".into()),
                agent,
            })),
            (1, Some(callback)) => CentreCommand::ChangeCallback(Box::new(CallbackChange {
                callback,
                scheduled_at,
                zone: None,
                agent,
                number: None,
            })),
            (2, Some(callback)) => CentreCommand::CancelCallback { callback },
            _ => return,
        };
        let _ = self.ask("boss", command);
    }

    pub(super) fn web_call(&mut self) {
        let session = SessionId::mint(self.now.wall, &mut self.dice);
        let number = self.pick(&["1000", "1001", "999"]).unwrap().to_owned();
        let call = WebCall { session, number, offer: "v=0".into(), language: Some("es".into()) };
        if self.ask("web", CentreCommand::WebCall(call)).is_ok() {
            self.web.insert(session);
            let (ms, digit) = (self.below(20_000), self.pick(&['1', '2']).unwrap());
            self.later(ms, Later::Ask("web", CentreCommand::WebDigit { session, digit }));
            let ms = self.below(60_000);
            let end = if self.chance(50) {
                Later::Input(CentreInput::WebPhoneGone { session })
            } else {
                Later::Ask("web", CentreCommand::WebHangUp { session })
            };
            self.later(ms, end);
        }
    }

    pub(super) fn open_console(&mut self, who: &'static str) {
        let session = SessionId::mint(self.now.wall, &mut self.dice);
        self.sessions.insert(who, session);
        self.input(CentreInput::ConsoleSession { agent: id(who), session, is_up: true });
        self.ask(who, CentreCommand::MediaOffer { agent: id(who), session, offer: "v=0".into() }).unwrap();
        let ready = CentreCommand::SetPresence { agent: id(who), wanted: WantedPresence::Ready };
        self.later(1_500, Later::Ask(who, ready));
    }

    pub(super) fn reload(&mut self) {
        let who = self.pick(&AGENTS).unwrap();
        self.open_console(who);
    }

    pub(super) fn change_presence(&mut self) {
        let who = self.pick(&AGENTS).unwrap();
        let by = if self.chance(30) { "boss" } else { who };
        let wanted = match self.below(8) {
            0 => WantedPresence::Offline,
            1 => WantedPresence::Paused { reason: "lunch".into() },
            2 => WantedPresence::Paused { reason: "no such reason".into() },
            _ => WantedPresence::Ready,
        };
        let _ = self.ask(by, CentreCommand::SetPresence { agent: id(who), wanted });
    }

    pub(super) fn lose_something(&mut self) {
        let who = self.pick(&AGENTS).unwrap();
        match self.below(4) {
            0 => {
                if let Some(session) = self.sessions.remove(who) {
                    self.input(CentreInput::ConsoleSession { agent: id(who), session, is_up: false });
                }
            }
            1 => {
                if let Some(leg) = self.centre.consoles.get(&id::<AgentId>(who)).and_then(|console| console.leg) {
                    self.input(CentreInput::LegAudio { leg, is_up: false });
                    let back = self.below(60_000);
                    self.later(back, Later::Input(CentreInput::LegAudio { leg, is_up: true }));
                }
            }
            2 => {
                let account = self.pick(&["103", "105"]).unwrap();
                self.input(CentreInput::PhoneReachable { account: account.into(), is_reachable: false });
                let back = self.below(30_000);
                self.later(back, Later::Input(CentreInput::PhoneReachable { account: account.into(), is_reachable: true }));
            }
            _ => {
                let legs: Vec<LegId> = self.legs.iter().copied().collect();
                if let Some(leg) = self.pick(&legs) {
                    let input = if self.chance(50) {
                        CentreInput::LegFailed { leg, cause: EndCause::Fault }
                    } else {
                        CentreInput::LegEnded { leg, is_lost: true }
                    };
                    self.later(1, Later::Input(input));
                }
            }
        }
    }

    pub(super) fn dial(&mut self) {
        let who = self.pick(&AGENTS).unwrap();
        let number = self.pick(&["+34911222333", "911222333", "103", "1001", "112", "nonsense"]).unwrap().to_owned();
        let customer = self.chance(50).then_some(self.customer);
        let detect_answer = [None, None, Some(true), Some(false)][usize::try_from(self.answer_dice.below(4)).unwrap()];
        let _ = self.ask(who, CentreCommand::Dial { agent: id(who), number, customer, detect_answer });
    }

    /// A supervisor's hand in the line.
    fn lend_a_hand(&mut self, call: CallId) {
        let command = match self.answer_dice.below(3) {
            0 => CentreCommand::PutFirst { call },
            1 => CentreCommand::AssignWaiting { asker: id("boss"), call, agent: id("boss") },
            _ => CentreCommand::AssignWaiting { asker: id("boss"), call, agent: id("dora") },
        };
        let _ = self.ask("boss", command);
    }

    pub(super) fn supervise(&mut self) {
        let who = self.pick(&["ana", "bea", "boss"]).unwrap();
        if who == "boss" && !self.sessions.contains_key("boss") {
            self.open_console("boss");
            self.pass(500);
        }
        let calls: Vec<CallId> = self.centre.calls.keys().copied().collect();
        let Some(call) = self.pick(&calls) else { return };
        self.lend_a_hand(call);
        for _ in 0..1 + self.below(2) {
            let mode = self.pick(&[Supervision::Listen, Supervision::Whisper, Supervision::Barge]).unwrap();
            let _ = self.ask(who, CentreCommand::Supervise { supervisor: id(who), call, mode });
        }
        let ms = self.below(30_000);
        let after = match self.chance(45) {
            true => CentreCommand::TakeOver { supervisor: id(who), call },
            false => CentreCommand::EndSupervision { supervisor: id(who) },
        };
        self.later(ms, Later::Ask(who, after));
    }

    /// An agent in talk asks a colleague.
    pub(super) fn consult(&mut self) {
        let is_talking = |call: &&Arc<CallView>| call.state == CallState::Talking;
        let talking: Vec<_> =
            self.calls.values().filter(is_talking).filter_map(|call| Some((call.id, call.agent.clone()?))).collect();
        let Some((call, agent)) = self.pick(&talking) else { return };
        let Some(who) = AGENTS.iter().find(|who| **who == agent.as_str()).copied() else { return };
        let target = if self.chance(60) {
            ConsultTarget::Queue { queue: id(self.pick(&["sales", "support"]).unwrap()) }
        } else {
            ConsultTarget::Agent { agent: id(self.pick(&AGENTS).unwrap()) }
        };
        let _ = self.ask(who, CentreCommand::Consult { agent, call, target });
    }

    /// Commands that make no sense, for any agent and any call.
    pub(super) fn nonsense(&mut self) {
        let who = self.pick(&AGENTS).unwrap();
        let calls: Vec<CallId> = self.calls.keys().copied().collect();
        let Some(call) = self.pick(&calls) else { return };
        let command = self.some_command(who, call);
        let _ = self.ask(who, command);
    }

    fn some_command(&mut self, who: &'static str, call: CallId) -> CentreCommand {
        let agent: AgentId = id(who);
        match self.below(24) {
            0 => CentreCommand::Answer { agent, call },
            1 => CentreCommand::Decline { agent, call },
            2 => CentreCommand::HangUp { agent, call },
            3 => CentreCommand::Hold { agent, call },
            4 => CentreCommand::Resume { agent, call },
            5 => CentreCommand::Mute { agent, is_muted: self.chance(50) },
            6 => CentreCommand::SendDigits { agent, call, digits: self.pick(&["12#", "x"]).unwrap().into() },
            7 => {
                let to = self.pick(&AGENTS).unwrap();
                CentreCommand::Transfer { agent, call, target: TransferTarget::Agent { agent: id(to) } }
            }
            8 => {
                let to = self.pick(&["sales", "support", "nowhere"]).unwrap();
                CentreCommand::Transfer { agent, call, target: TransferTarget::Queue { queue: id(to) } }
            }
            9 => CentreCommand::Dispose { agent, call, disposition: id(self.pick(&["billing", "nothing"]).unwrap()) },
            10 => CentreCommand::WrapUpDone { agent, call },
            11 if self.answer_dice.below(2) == 0 => CentreCommand::WantWrapUp { agent, call, is_wanted: true },
            11 => CentreCommand::WrapUpExtend { agent, call },
            12 => CentreCommand::ChooseCustomer { agent, call, customer: Box::new(self.customer()) },
            13 => CentreCommand::EndSupervision { supervisor: agent },
            14 => {
                let to = self.pick(&AGENTS).unwrap();
                CentreCommand::Consult { agent, call, target: ConsultTarget::Agent { agent: id(to) } }
            }
            15 => {
                let number = self.pick(&["+34911222333", "103", "105", "1001", "nonsense"]).unwrap().to_owned();
                CentreCommand::Consult { agent, call, target: ConsultTarget::Number { number } }
            }
            16 => CentreCommand::ConsultSwap { agent, call },
            17 => CentreCommand::ConsultJoin { agent, call },
            18 => CentreCommand::ConsultComplete { agent, call },
            19 => CentreCommand::Park { agent, call },
            20 => CentreCommand::TakeParked { agent, call },
            21 => CentreCommand::ConferenceDrop { agent, call, party: u8::try_from(self.below(3)).unwrap() },
            22 => {
                let cause = self.pick(&[PauseCause::FormField, PauseCause::Requested]).unwrap();
                let resume = RecordingAsked::Resume { cause: Some(cause) };
                let all = [RecordingAsked::Begin, RecordingAsked::Pause { cause }, resume, RecordingAsked::Stop];
                let asked = self.pick(&all).unwrap();
                CentreCommand::Recording { agent: Some(agent), call, asked }
            }
            _ => CentreCommand::ConsultCancel { agent, call },
        }
    }

    /// A telephone does something by itself: it holds, asks for a transfer, or dials while its agent has a call.
    pub(super) fn use_phone(&mut self) {
        let legs: Vec<LegId> = self.legs.iter().copied().collect();
        let Some(leg) = self.pick(&legs) else { return };
        match self.below(4) {
            0 => {
                self.input(CentreInput::LegHeld { leg, is_held: true });
                let back = self.below(20_000);
                self.later(back, Later::Input(CentreInput::LegHeld { leg, is_held: false }));
            }
            1 => {
                let number = self.pick(&["+34911222333", "103", "1000", "1001", "1009", "*700", "*702", "nonsense"]).unwrap();
                self.input(CentreInput::TransferAsked { leg, to: TransferAsked::Number(number.into()) });
            }
            2 => {
                let Some(other) = self.pick(&legs) else { return };
                self.input(CentreInput::TransferAsked { leg, to: TransferAsked::Leg(other) });
            }
            _ => {
                let phone = self.pick(&["103", "105"]).unwrap();
                let called = self.pick(&["+34911222333", "103", "105", "1001", "*700", "*701", "*702", "nonsense"]).unwrap();
                let line = LegId::mint(self.now.wall, &mut self.dice);
                let caller = CallerLine { phone: Some(phone.into()), ..CallerLine::default() };
                self.legs.insert(line);
                self.inbound.insert(line);
                self.input(CentreInput::Arrived { leg: line, caller, called: called.into(), language: None });
                let ms = 1_000 + self.below(60_000);
                if self.chance(40) {
                    let ask = CentreInput::TransferAsked { leg: line, to: TransferAsked::Leg(leg) };
                    self.later(ms, Later::Input(ask));
                }
                self.later(2 * ms, Later::HangUp(line));
            }
        }
    }

    /// Supervisors change the directory while calls run.
    pub(super) fn redirect(&mut self) {
        let mut directory = self.directory.clone();
        directory.version += 1;
        match self.below(4) {
            0 => {
                directory.queues.remove(&id::<QueueId>("sales"));
            }
            1 => {
                let who = self.pick(&AGENTS).unwrap();
                directory.agents.get_mut(&id::<AgentId>(who)).unwrap().is_active = false;
            }
            2 => {
                let who = self.pick(&AGENTS).unwrap();
                directory.agents.get_mut(&id::<AgentId>(who)).unwrap().skills.clear();
            }
            _ => {}
        }
        self.directory.version += 1;
        self.centre.set_directory(Arc::new(directory), self.now, &mut self.rng);
        self.collect();
    }

    fn customer(&self) -> CallerRecordRef {
        CallerRecordRef {
            customer: self.customer,
            name: "Ana Gil".into(),
            segment: "gold".into(),
            language: Some("es".into()),
            open_tickets: vec![(1042, "open".into())],
            last_agent: Some(LastAgent { agent: id("bea"), at: self.began }),
            owner: Some(id("carl")),
        }
    }

    pub(super) fn matches(&mut self) -> CallerMatch {
        let record = self.customer();
        let count = usize::try_from(self.below(3)).unwrap();
        CallerMatch { customers: vec![record; count] }
    }

    pub(super) fn react(&mut self, effect: PhoneEffect) {
        match effect {
            PhoneEffect::Answer { leg } => {
                if self.chance(95) {
                    let ms = self.below(200);
                    self.later(ms, Later::Input(CentreInput::LegAnswered { leg }));
                }
            }
            PhoneEffect::CallPhone { leg, ring_secs, .. } | PhoneEffect::CallOut { leg, ring_secs, .. } => {
                assert!(self.legs.insert(leg), "a leg is opened once");
                self.ring(leg, ring_secs);
            }
            PhoneEffect::OpenConsole { leg, .. } => {
                self.legs.insert(leg);
                if self.chance(90) {
                    self.later(300, Later::Input(CentreInput::LegAudio { leg, is_up: true }));
                }
            }
            PhoneEffect::OpenWebPhone { leg, .. } => {
                assert!(self.legs.insert(leg));
                self.inbound.insert(leg);
                let (ms, is_up) = (self.below(3_000), self.chance(85));
                let input = if is_up {
                    CentreInput::LegAnswered { leg }
                } else {
                    CentreInput::LegFailed { leg, cause: EndCause::Fault }
                };
                self.later(ms, Later::Input(input));
            }
            PhoneEffect::HangUp { leg }
            | PhoneEffect::Cancel { leg, .. }
            | PhoneEffect::Reject { leg, .. }
            | PhoneEffect::NotReached { leg, .. } => {
                self.legs.remove(&leg);
                self.hears.remove(&leg);
            }
            PhoneEffect::Play { leg, play, clips, .. } => {
                assert!(!clips.is_empty() && self.legs.contains(&leg), "plays to a leg that is there");
                let ms = 300 + self.below(4_000);
                self.later(ms, Later::Input(CentreInput::PlayEnded { leg, play, was_stopped: false }));
            }
            PhoneEffect::Hear { leg, heard } => {
                assert!(self.legs.contains(&leg), "only a leg that is there hears");
                self.hears.insert(leg, heard);
            }
            PhoneEffect::Mute { leg, .. } | PhoneEffect::SendDigits { leg, .. } | PhoneEffect::ListenForKeys { leg, .. } => {
                assert!(self.legs.contains(&leg))
            }
            PhoneEffect::DetectAnswer { leg, .. } => {
                assert!(self.legs.contains(&leg));
                std::mem::swap(&mut self.dice, &mut self.answer_dice);
                self.answers(leg);
                std::mem::swap(&mut self.dice, &mut self.answer_dice);
            }
            PhoneEffect::Record { leg, recording, part, .. } => {
                assert!(
                    self.legs.contains(&leg) && self.recorded.insert(leg, (recording, part)).is_none(),
                    "one part at a time"
                );
            }
            PhoneEffect::PauseRecording { leg, .. } => assert!(self.recorded.contains_key(&leg)),
            PhoneEffect::StopRecording { leg } => {
                let (recording, part) = self.recorded.remove(&leg).expect("a part runs");
                let end = PartEnd::Complete { length_ms: 1, octets: 1, missing_ms: 0 };
                self.later(20, Later::Input(CentreInput::RecordingEnded { recording, part, end }));
            }
            PhoneEffect::StartFork { leg, fork, facts, .. } => {
                let session = facts.session;
                assert!(
                    self.legs.contains(&leg) && self.forked.insert(fork, (leg, session)).is_none(),
                    "one session of a copy at a time"
                );
                std::mem::swap(&mut self.dice, &mut self.fork_dice);
                if self.chance(70) {
                    self.later(100, Later::Input(CentreInput::ForkUp { fork, session }));
                }
                if self.chance(30) {
                    let end = self.pick(&[ForkEnd::Declined, ForkEnd::Failed(ForkFailure::Lost)]).unwrap();
                    let ms = self.below(90_000);
                    self.later(ms, Later::Input(CentreInput::ForkEnded { fork, session, end }));
                }
                std::mem::swap(&mut self.dice, &mut self.fork_dice);
            }
            PhoneEffect::PauseFork { fork, .. } | PhoneEffect::TellFork { fork, .. } => {
                assert!(self.forked.contains_key(&fork), "a copy that is sent");
            }
            PhoneEffect::StopFork { leg, fork, .. } => {
                assert!(self.forked.remove(&fork).is_some_and(|(of, _)| of == leg), "a copy that is sent");
            }
            PhoneEffect::TransferProgress { leg, .. } => assert!(self.legs.contains(&leg)),
            PhoneEffect::StopPlay { .. } | PhoneEffect::Candidate { .. } => {}
            PhoneEffect::Ring { leg } => assert!(self.legs.contains(&leg)),
            PhoneEffect::EarlyMedia { leg } => {
                assert!(self.legs.contains(&leg));
                let ms = self.below(200);
                self.later(ms, Later::Input(CentreInput::LegEarlyMedia { leg }));
            }
        }
    }

    fn ring(&mut self, leg: LegId, ring_secs: u32) {
        self.later(100, Later::Input(CentreInput::LegRinging { leg }));
        if self.chance(30) {
            self.later(200, Later::Input(CentreInput::LegEarlyMedia { leg }));
        }
        let ms = 500 + self.below(u64::from(ring_secs) * 1_000);
        let cause = self.pick(&[EndCause::Busy, EndCause::Refused, EndCause::Lost]).unwrap();
        match self.below(10) {
            0..=6 => {
                self.later(ms, Later::Input(CentreInput::LegAnswered { leg }));
                let talk = ms + self.below(60_000);
                self.later(talk, Later::HangUp(leg));
            }
            7 => self.later(ms, Later::Input(CentreInput::LegFailed { leg, cause })),
            8 => {
                let end = u64::from(ring_secs) * 1_000;
                self.later(end, Later::Input(CentreInput::LegFailed { leg, cause: EndCause::NoAnswer }));
            }
            _ => {}
        }
    }

    /// It is told who answers, a machine may beep, and whoever has dialled may leave a message.
    fn answers(&mut self, leg: LegId) {
        let answer = self.pick(&[Answer::Human, Answer::Machine, Answer::Machine, Answer::Fax, Answer::Unsure]).unwrap();
        let told = CentreInput::AnswerDetected { leg, answer, cause: AnswerCause::TimeOut, after_ms: 900 };
        let (told_in, beeps_in) = (self.below(5_000), self.below(5_000));
        self.later(told_in, Later::Input(told));
        if answer == Answer::Machine && self.chance(70) {
            self.later(told_in + beeps_in, Later::Input(CentreInput::Beep { leg, after_ms: 9_000 }));
        }
        let Some(LegUse::Customer(call)) = self.centre.legs.get(&leg).cloned() else { return };
        let agent = self.centre.calls.get(&call).and_then(|call| call.stage().partner()).map(|with| with.agent.clone());
        let who = AGENTS.iter().find(|who| agent.as_ref().is_some_and(|agent| agent.as_str() == **who));
        if let Some(who) = who.copied().filter(|_| self.chance(70)) {
            let (ms, prompt) = (self.below(12_000), self.pick(&["callback-promised", "callback-promised", "nothing"]).unwrap());
            let agent = id(who);
            self.later(ms, Later::Ask(who, CentreCommand::LeaveMessage { agent, call, prompt: prompt.to_owned() }));
        }
    }

    /// Colleagues answer when they are asked, and those who asked do something with it.
    fn see_consult(&mut self, call: CallId, asker: Option<&AgentId>, consult: &ConsultView) {
        let asker = asker.and_then(|agent| AGENTS.iter().find(|who| **who == agent.as_str()));
        if let Some(who) = asker.copied().filter(|_| consult.step != ConsultViewStep::Ringing) {
            let agent: AgentId = id(who);
            let command = match self.below(6) {
                0 => CentreCommand::ConsultSwap { agent, call },
                1 | 2 => CentreCommand::ConsultJoin { agent, call },
                3 => CentreCommand::ConsultComplete { agent, call },
                _ => CentreCommand::ConsultCancel { agent, call },
            };
            let ms = self.below(20_000);
            if let CentreCommand::ConsultJoin { agent, call } = &command
                && self.chance(50)
            {
                let (agent, call) = (agent.clone(), *call);
                let sent_away = ms + self.below(20_000);
                self.later(sent_away, Later::Ask(who, CentreCommand::ConferenceDrop { agent, call, party: 1 }));
            }
            self.later(ms, Later::Ask(who, command));
        }
        let colleague = consult.agent.as_ref().and_then(|agent| AGENTS.iter().find(|who| **who == agent.as_str()));
        if let Some(who) = colleague.copied() {
            let agent: AgentId = id(who);
            let command = match (consult.step, self.below(10)) {
                (ConsultViewStep::Ringing, 0..=5) => CentreCommand::Answer { agent, call },
                (ConsultViewStep::Ringing, 6) => CentreCommand::Decline { agent, call },
                (ConsultViewStep::Ringing, _) => return,
                (_, 0) => CentreCommand::HangUp { agent, call },
                (_, 1) => CentreCommand::Mute { agent, is_muted: true },
                (_, _) => return,
            };
            let ms = self.below(15_000);
            self.later(ms, Later::Ask(who, command));
        }
    }

    /// Agents do something about the calls on their screens.
    pub(super) fn see_call(&mut self, view: Arc<CallView>) {
        let old = self.calls.insert(view.id, view.clone());
        assert!(old.is_none_or(|old| old.version < view.version && !matches!(old.state, CallState::Over { .. })));
        if matches!(view.state, CallState::Over { .. }) {
            *self.over.entry(view.id).or_insert(0) += 1;
        }
        if let Some(consult) = &view.consult {
            self.see_consult(view.id, view.agent.as_ref(), consult);
        }
        if matches!(view.state, CallState::Parked { .. }) && self.chance(60) {
            let (ms, who) = (self.below(150_000), self.pick(&AGENTS).unwrap());
            self.later(ms, Later::Ask(who, CentreCommand::TakeParked { agent: id(who), call: view.id }));
        }
        let Some(agent) = view.agent.as_ref().and_then(|agent| AGENTS.iter().find(|who| **who == agent.as_str())) else {
            return;
        };
        let who: &'static str = agent;
        let call = view.id;
        match view.state {
            CallState::Offered { .. } if self.chance(75) => {
                let ms = self.below(14_000);
                let command = if self.chance(85) {
                    CentreCommand::Answer { agent: id(who), call }
                } else {
                    CentreCommand::Decline { agent: id(who), call }
                };
                self.later(ms, Later::Ask(who, command));
            }
            CallState::Talking | CallState::Held | CallState::Dialling => {
                for _ in 0..2 {
                    let ms = self.below(30_000);
                    let command = self.some_command(who, call);
                    self.later(ms, Later::Ask(who, command));
                }
                let ms = self.below(60_000);
                self.later(ms, Later::Ask(who, CentreCommand::HangUp { agent: id(who), call }));
            }
            CallState::WrappingUp { .. } if self.chance(60) => {
                let ms = self.below(20_000);
                self.later(ms, Later::Ask(who, CentreCommand::Dispose { agent: id(who), call, disposition: id("billing") }));
                self.later(ms + 500, Later::Ask(who, CentreCommand::WrapUpDone { agent: id(who), call }));
            }
            _ => {}
        }
    }
}
