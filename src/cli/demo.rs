//! `centralita demo`: the sample centre, set up at the first start, then served like any other.

use std::fmt::Write;

use super::{Failure, SettingArguments, serve::start_log};
use crate::{
    app::sample_centre::{self, Desks, SampleAccounts},
    config::Config,
    server::{self, Ground},
};

/// Sets up, serves, stops.
pub fn run(settings: &SettingArguments) -> Result<(), Failure> {
    let config = settings.load()?;
    start_log(&config.log)?;
    super::block_on(demo(config, settings))
}

async fn demo(config: Config, settings: &SettingArguments) -> Result<(), Failure> {
    let ground = Ground::open(&config, &settings.data).await?;
    let Ground { users, directory, customers, tickets, clock, .. } = &ground;
    let desks = Desks { users, directory, customers, tickets };
    let accounts = sample_centre::set_up(desks, ground.db.data().path(), clock.now().wall).await;
    let Some(accounts) = accounts.map_err(|fault| Failure::Unavailable(format!("{fault}.")))? else {
        return Err(Failure::Unavailable(format!(
            "The data folder {} holds a centre that is not the sample. Start it with `centralita serve`, or choose another with --data DIR.",
            settings.data.display()
        )));
    };
    let page = welcome(&config, &accounts);
    server::serve(config, ground, |ready| {
        eprint!("{page}");
        server::say(ready);
    })
    .await
    .map(|_| ())
}

/// What a newcomer needs, at a glance.
fn welcome(config: &Config, accounts: &SampleAccounts) -> String {
    let plain = config.http.listen.map(|address| format!("http://localhost:{}", address.port()));
    let tls = config.http.https_listen.map(|address| format!("https://localhost:{}", address.port()));
    let console = plain.or(tls).unwrap_or_default();
    let sip = config.sip.listen.first().map_or(5060, std::net::SocketAddr::port);
    let mut page =
        format!("\n  Console     {console}/\n  Web phone   {console}/call   (calls the sample lines; needs a microphone)\n\n");
    // Writing to a String cannot fail.
    for user in &accounts.users {
        let _ = writeln!(page, "  {:<12}{:<16}{}", user.user, user.password, user.name);
    }
    let _ = writeln!(page);
    for phone in &accounts.phones {
        let _ = writeln!(page, "  SIP {:<8}{:<16}phone of {}", phone.account, phone.password, phone.agent);
    }
    let _ = writeln!(
        page,
        "\n  Call 1000 (menu), 1001 (support), 1002 (sales), 1009 (echo) with the web phone,\n  or with any SIP phone on this machine: sip:1000@127.0.0.1:{sip}\n  Stop with Ctrl-C.\n"
    );
    page
}
