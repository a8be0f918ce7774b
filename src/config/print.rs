//! The sample file: every setting with its meaning and default, commented out.

use std::fmt::Write;

use super::{Config, SECTIONS};

/// A file that changes nothing until a line is uncommented.
pub fn sample() -> String {
    let config = Config::default();
    let mut text = String::from(
        "# Settings of Centralita. Every line shows the default; uncomment what you change.\n\
         # Stronger than this file: the environment (CENTRALITA_HTTP_LISTEN=…), then --set http.listen=… on the command line.\n\
         # Queues, agents, numbers and trunks are not here: they are edited in the console while the server runs.\n",
    );
    for (name, line) in SECTIONS {
        let Some(section) = config.section(name) else { continue };
        // Writing to a String cannot fail.
        let _ = write!(text, "\n# {line}\n[{name}]\n");
        for field in section.fields() {
            for line in field.doc.lines() {
                let _ = writeln!(text, "# {line}");
            }
            let _ = writeln!(text, "#{} = {}", field.key, field.value);
        }
    }
    text
}
