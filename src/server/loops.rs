//! The loops that work beside the exchange: each new directory to the switch, deadlines and what follows from events, the records
//! and boards of consoles.

use std::sync::Arc;

use tokio::{sync::watch, task::JoinHandle};

use super::{Exchange, Ground, tasks::Tasks};
use crate::{
    app::{
        alert_loop,
        alerts::Alerts,
        balance_loop::{self, BalanceFigures},
        desk::Desk,
        directory::DirectoryDesk,
        norm_loop, reaction_loop,
        recordings::{RecordingDesk, retention},
        reports::{Checked, Reports},
        review_loop,
        switch_handle::SwitchHandle,
        timer_loop, webhook_loop,
    },
    console::{ConsoleState, Pops},
    domain::directory::Directory,
    net::{Certificates, PeerNames, ReadAgain, Stir, WebhookPoster},
    switch::Input,
    types::Clock,
};

/// Starts them, each for as long as the node runs.
pub fn start(
    tasks: &Tasks,
    ground: &Ground,
    exchange: &Exchange,
    pops: Pops,
    consoles: ConsoleState,
    recordings: RecordingDesk,
    stopping: watch::Receiver<bool>,
) -> Vec<JoinHandle<()>> {
    // Each run of a loop gets its own copies of what it works with.
    let (db, tickets, clock) = (ground.db.clone(), ground.tickets.clone(), ground.clock.clone());
    let (directory, switch, stop) = (ground.directory.watch(), exchange.switch.clone(), stopping);
    let follow = {
        let (desk, switch, clock, stop) = (ground.directory.clone(), switch.clone(), clock.clone(), stop.clone());
        let (servers, reach) = (exchange.name_servers.clone(), exchange.reach);
        move || {
            let names = PeerNames::new(&servers, reach);
            follow_directory(names, desk.clone(), switch.clone(), clock.clone(), stop.clone())
        }
    };
    let review = {
        let (tickets, clock, stop) = (tickets.clone(), clock.clone(), stop.clone());
        move || review_loop::run(tickets.clone(), directory.clone(), clock.clone(), stop.clone())
    };
    let timers = {
        let (tickets, clock, stop) = (tickets.clone(), clock.clone(), stop.clone());
        move || timer_loop::run(tickets.clone(), clock.clone(), stop.clone())
    };
    let reactions = {
        let stop = stop.clone();
        move || reaction_loop::run(db.clone(), tickets.clone(), clock.clone(), stop.clone())
    };
    let records = {
        let stop = stop.clone();
        move || pops.clone().follow(switch.clone(), stop.clone())
    };
    let capture = {
        let (capture, stop) = (exchange.capture.clone(), stop.clone());
        move || capture.clone().run(stop.clone())
    };
    let retention = {
        let (desk, clock, stop) = (recordings, ground.clock.clone(), stop.clone());
        move || retention::run(desk.clone(), clock.clone(), stop.clone())
    };
    let boards = move || build_boards(consoles.clone(), stop.clone());
    vec![
        tasks.keep("capture", capture),
        tasks.keep("directory", follow),
        tasks.keep("review", review),
        tasks.keep("timers", timers),
        tasks.keep("reactions", reactions),
        tasks.keep("records", records),
        tasks.keep("recordings", retention),
        tasks.keep("boards", boards),
    ]
}

/// Starts the loops that watch the floor by the rules for alerts, tell it what is usual at this time, and tell outside systems.
pub fn watch_floor(
    tasks: &Tasks,
    ground: &Ground,
    exchange: &Exchange,
    (alerts, poster): (Alerts, WebhookPoster),
    desk: Desk,
    stopping: watch::Receiver<bool>,
) -> Vec<JoinHandle<()>> {
    let (clock, directory, switch) = (ground.clock.clone(), ground.directory.watch(), exchange.switch.clone());
    let watching = {
        let (alerts, clock, stop) = (alerts.clone(), clock.clone(), stopping.clone());
        move || alert_loop::run(alerts.clone(), switch.clone(), desk.clone(), directory.clone(), clock.clone(), stop.clone())
    };
    let forecasting = {
        let (db, switch, clock, stop) = (ground.db.clone(), exchange.switch.clone(), clock.clone(), stopping.clone());
        let directory = ground.directory.watch();
        move || norm_loop::run(db.clone(), switch.clone(), directory.clone(), clock.clone(), stop.clone())
    };
    let telling = move || webhook_loop::run(alerts.clone(), poster.clone(), clock.clone(), stopping.clone());
    vec![tasks.keep("alerts", watching), tasks.keep("norms", forecasting), tasks.keep("webhooks", telling)]
}

/// Starts the loop that checks whether the figures add up.
pub fn check_balances(
    tasks: &Tasks,
    reports: Reports,
    clock: Arc<dyn Clock>,
    stopping: watch::Receiver<bool>,
) -> (JoinHandle<()>, BalanceFigures) {
    let (figures, newest) = watch::channel(Arc::new(Checked::default()));
    let figures = Arc::new(figures);
    let checking = move || balance_loop::run(reports.clone(), figures.clone(), clock.clone(), stopping.clone());
    (tasks.keep("balances", checking), newest)
}

/// Starts the loop that reads certificates and keys again when their files change.
pub fn follow_files(
    tasks: &Tasks,
    (certificates, stir, read_again): (Option<Certificates>, Stir, ReadAgain),
    clock: Arc<dyn Clock>,
    stopping: watch::Receiver<bool>,
) -> JoinHandle<()> {
    tasks.keep("files", move || {
        let (certificates, stir, read_again) = (certificates.clone(), stir.clone(), read_again.clone());
        let (clock, mut stopping) = (clock.clone(), stopping.clone());
        async move {
            let shown = async {
                match &certificates {
                    Some(certificates) => certificates.watch(clock.as_ref(), &read_again).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = shown => {}
                () = stir.follow_files(clock.as_ref(), &read_again) => {}
                _ = stopping.changed() => {}
            }
        }
    })
}

/// Gives the switch each new directory at once, whose savers wait for that, and where its trunks' peers are as soon as that is known.
async fn follow_directory(
    mut names: PeerNames,
    desk: DirectoryDesk,
    switch: SwitchHandle,
    clock: Arc<dyn Clock>,
    mut stopping: watch::Receiver<bool>,
) {
    let mut directory = desk.watch();
    loop {
        let current = directory.borrow_and_update().clone();
        switch.set_directory(current.clone()).await;
        desk.floor_works_by(Some(current.version));
        tokio::select! {
            changed = directory.changed() => if changed.is_err() { break },
            () = follow_names(&mut names, &current, &switch, clock.as_ref()) => {}
            _ = stopping.changed() => break,
        }
    }
    desk.floor_works_by(None);
}

/// Asks for the servers of trunks whose peers are names whenever an answer runs out: a carrier moves, and at boot there may be no
/// answer yet.
async fn follow_names(names: &mut PeerNames, directory: &Arc<Directory>, switch: &SwitchHandle, clock: &dyn Clock) {
    loop {
        let looked_up = names.look_up(directory, clock).await;
        if looked_up.has_changed {
            switch.input(Input::Peers(names.peers())).await;
        }
        clock.sleep_until(looked_up.again_at).await;
    }
}

async fn build_boards(consoles: ConsoleState, mut stopping: watch::Receiver<bool>) {
    tokio::select! {
        () = consoles.board.build(consoles.clock.as_ref(), &consoles.switch, &consoles.desk, &consoles.directory) => {}
        _ = stopping.changed() => {}
    }
}
