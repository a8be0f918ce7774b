//! Promises of an hour, with every figure that follows from them.

use super::*;
use crate::{
    app::reports::Promised,
    domain::{
        Cx, Outbox,
        callback::{Callback, CallbackEvent, NewCallback},
        directory::CallbackRules,
        report::{CallbackFigure, PromiseCounts, Ratio},
    },
    types::{CallbackId, Mono, Now},
};

/// Callbacks of support, made and moved on by their machine.
struct Promises {
    rng: Rng,
    facts: Facts,
}

impl Promises {
    /// Does something with a callback at a time, and tells the facts of it.
    fn at(&mut self, time: Timestamp, act: impl FnOnce(&mut Cx<'_, CallbackEvent>) -> Callback) -> Callback {
        let mut events = Outbox::default();
        let now = Now { wall: time, mono: Mono::from_millis(1) };
        let callback = act(&mut Cx { now, rng: &mut self.rng, out: &mut events });
        for event in events.drain() {
            let dedup = format!("promises:{}", self.facts.entries.len());
            let fact =
                Fact { callback: Some(Box::new(callback.clone())), ..Fact::of(time, By::System, Event::Callback(event)) };
            self.facts.entries.push(Entry { fact, dedup, rules: RULES });
        }
        callback
    }

    /// Promised on a call, at this time, to somebody who had waited since another.
    fn promised(&mut self, number: u64, queued_at: Timestamp, time: Timestamp) -> Callback {
        let new = NewCallback {
            id: CallbackId::mint(time, &mut self.rng),
            number: format!("+3491100000{number}").try_into().unwrap(),
            customer: None,
            segment: None,
            queue: queue("support"),
            language: "es".into(),
            note: None,
            call: Some(Facts::id(number)),
            queued_at,
            ahead_secs: None,
            scheduled_at: None,
            zone: None,
            agent: None,
        };
        self.at(time, |cx| Callback::request(new, &CallbackRules::default(), cx))
    }

    fn dialled(&mut self, callback: Callback, number: u64, time: Timestamp) -> Callback {
        self.moved(callback, time, |callback, cx| callback.begin_attempt(Facts::id(number), agent("ana"), cx))
    }

    fn moved(
        &mut self,
        mut callback: Callback,
        time: Timestamp,
        act: impl FnOnce(&mut Callback, &mut Cx<'_, CallbackEvent>),
    ) -> Callback {
        self.at(time, move |cx| {
            act(&mut callback, cx);
            callback
        })
    }
}

#[tokio::test]
async fn promises_count_where_they_were_made_and_what_becomes_of_them_follows() {
    let rules = CallbackRules::default();
    let mut promises = Promises { rng: Rng::seeded(5), facts: Facts::default() };
    // 1: after a minute on the line; nobody is reached at first, then it is kept ten minutes after the promise.
    let first = promises.promised(1, at(0), at(60));
    let first = promises.dialled(first, 11, at(120));
    let first = promises.moved(first, at(150), |callback, cx| callback.fail_attempt(&rules, cx));
    let first = promises.dialled(first, 12, at(650));
    promises.moved(first, at(660), |callback, cx| callback.reach(agent("ana"), &rules, cx));
    // 2: reached an hour after the promise, which is later than the queue allows.
    let second = promises.promised(2, at(80), at(100));
    let second = promises.dialled(second, 13, at(3_690));
    promises.moved(second, at(3_700), |callback, cx| callback.reach(agent("ana"), &rules, cx));
    // 3: in the next quarter of an hour, called off.
    let third = promises.promised(3, at(900), at(930));
    promises.moved(third, at(1_000), |callback, cx| callback.cancel(cx));
    for test in TestDb::each().await {
        let reports = reports_of(&test, Directory::default());
        promises.facts.store(&test).await;
        let asked = span(at(0), at(7_200), Cut::Minutes(15));
        let lines = reports.callbacks(&sue(), asked, None).await.unwrap();
        let begins: Vec<i64> = lines.iter().map(|line| line.begins_at.millis_since(at(0)) / 1_000).collect();
        assert_eq!(begins, [0, 900], "on {test:?}");
        assert_eq!(
            lines[0].counts,
            PromiseCounts {
                requested: 2,
                reached: 2,
                kept: 1,
                attempts: 3,
                retries: 1,
                wait_ms_to_answer: 4_280_000,
                from_line: 2,
                wait_ms_on_line: 80_000,
                ..PromiseCounts::default()
            },
            "on {test:?}"
        );
        assert_eq!(lines[0].kept_rate, Ratio::new(1, 2));
        assert_eq!((lines[0].mean_wait_to_answer_ms, lines[0].mean_wait_on_line_ms), (Some(2_140_000), Some(40_000)));
        assert_eq!((lines[1].counts.requested, lines[1].counts.cancelled, lines[1].counts.open), (1, 1, 0));
        assert!(reports.callbacks(&sue(), asked, Some(queue("sales"))).await.unwrap().is_empty());
        let behind = |figure| Promised { figure, from: at(0), to: at(900), queue: None };
        for (figure, numbers) in [
            (CallbackFigure::Requested, vec![1, 2]),
            (CallbackFigure::Reached, vec![1, 2]),
            (CallbackFigure::Kept, vec![1]),
            (CallbackFigure::Retries, vec![1]),
            (CallbackFigure::Cancelled, vec![]),
        ] {
            let part = reports.promised(&sue(), behind(figure), None, 50).await.unwrap();
            let calls: Vec<_> = part.items.iter().filter_map(|callback| callback.call).collect();
            let wanted: Vec<_> = numbers.into_iter().map(Facts::id).collect();
            assert_eq!((calls, part.next), (wanted, None), "{figure:?} on {test:?}");
        }
        let first = reports.promised(&sue(), behind(CallbackFigure::Reached), None, 1).await.unwrap();
        let second = reports.promised(&sue(), behind(CallbackFigure::Reached), first.next, 1).await.unwrap();
        assert_eq!((second.items[0].call, second.next), (Some(Facts::id(2)), None), "page by page, on {test:?}");
        let none = Promised { queue: Some(queue("sales")), ..behind(CallbackFigure::Requested) };
        assert!(reports.promised(&sue(), none, None, 50).await.unwrap().items.is_empty());
        let file = reports.callbacks_file(&sue(), asked, None).await.unwrap();
        let mut reader = csv::Reader::from_reader(file.as_slice());
        let rows: Vec<BTreeMap<String, String>> = reader.deserialize().map(Result::unwrap).collect();
        assert_eq!((rows.len(), rows[0]["kept_percent"].as_str()), (2, "50.00"), "on {test:?}");
        assert_eq!((rows[0]["wait_to_answer_seconds"].as_str(), rows[0]["retries"].as_str()), ("2140.000", "1"));
    }
}
