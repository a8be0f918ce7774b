//! The house rules, read from the source: who may import whom, what the pure floors never touch, and that the map of the house
//! is true. The table is the one of `src/ARCHITECTURE.md`. It fails with file, line and a sentence.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

/// Floors; imports point down only, and a module of a floor never imports another of the same.
const FLOORS: &[(&str, u8)] = &[
    ("types", 0),
    ("domain", 1),
    ("protocol", 1),
    ("switch", 2),
    ("store", 3),
    ("net", 3),
    ("cluster", 3),
    ("notify", 3),
    ("app", 4),
    ("http", 5),
    ("console", 5),
    ("config", 6),
    ("server", 6),
    ("cli", 6),
];

/// Floors that see more than "everything below": `http` and `console` never reach past `app` into adapters or protocols.
const DOORS: &[&str] = &["http", "console"];
const DOORS_MAY_IMPORT: &[&str] = &["types", "domain", "app"];

/// Within `domain`, an area imports the house's common rooms and itself. These rooms join areas and import more.
const DOMAIN_COMMON: &[&str] = &["Cx", "Outbox", "directory", "calendar"];
const DOMAIN_JOINS: &[(&str, &[&str])] = &[
    ("event", &["*"]),
    ("report", &["event", "call", "agent", "ticket"]),
    ("centre", &["call", "callback", "queue", "agent", "ivr", "routing", "trunk", "access", "work", "event"]),
    ("reactions", &["*"]),
    ("customer", &["call", "ticket"]),
];

/// What the pure floors (0 to 2) never touch.
const IMPURE: &[&str] = &[
    "tokio",
    "sqlx",
    "UdpSocket",
    "TcpStream",
    "TcpListener",
    "std::fs",
    "std::thread",
    "Instant::now",
    "SystemTime::now",
    "getrandom",
    "async fn",
    ".await",
];

struct Source {
    path: PathBuf,
    /// Top module and area: `("domain", "queue")`.
    module: String,
    area: String,
    text: String,
}

#[test]
fn imports_point_down() {
    let mut wrong = Vec::new();
    for source in sources() {
        let Some(floor) = floor_of(&source.module) else { continue };
        for (line, import) in imports(&source.text) {
            let Some(target) = import.first() else { continue };
            let Some(target_floor) = floor_of(target) else { continue };
            if *target == source.module {
                continue;
            }
            let is_allowed = if DOORS.contains(&source.module.as_str()) {
                DOORS_MAY_IMPORT.contains(&target.as_str())
            } else {
                target_floor < floor || floor == 6
            };
            if !is_allowed {
                wrong.push(format!(
                    "{}:{line}: `{}` may not import `{target}`: imports point down only (src/ARCHITECTURE.md, Floors)",
                    source.path.display(),
                    source.module
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn areas_of_the_domain_do_not_know_each_other() {
    let mut wrong = Vec::new();
    for source in sources().into_iter().filter(|source| source.module == "domain" && source.area != "mod") {
        let joins = DOMAIN_JOINS.iter().find(|(area, _)| *area == source.area).map_or(&[][..], |(_, may)| *may);
        for (line, import) in imports(&source.text) {
            let [first, area, ..] = import.as_slice() else { continue };
            let is_common = DOMAIN_COMMON.contains(&area.as_str());
            if first != "domain" || *area == source.area || is_common || joins.contains(&"*") || joins.contains(&area.as_str())
            {
                continue;
            }
            wrong.push(format!(
                "{}:{line}: the area `{}` may not know `{area}`; areas meet in `centre` (live) or `reactions` (lasting)",
                source.path.display(),
                source.area
            ));
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn the_pure_floors_touch_no_clock_socket_or_file() {
    let mut wrong = Vec::new();
    for source in sources().into_iter().filter(|source| floor_of(&source.module).is_some_and(|floor| floor <= 2)) {
        for (number, line) in code_lines(&source.text) {
            for word in IMPURE.iter().filter(|word| names(line, word)) {
                wrong.push(format!(
                    "{}:{number}: `{word}` on a pure floor; take time, chance and results as arguments",
                    source.path.display()
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn every_module_says_what_it_is_for() {
    let silent: Vec<_> = sources()
        .into_iter()
        .filter(|source| !source.text.trim_start().starts_with("//!"))
        .map(|source| format!("{}: begins without a `//!` line", source.path.display()))
        .collect();
    assert!(silent.is_empty(), "\n{}", silent.join("\n"));
}

#[test]
fn the_map_of_the_house_names_rooms_that_exist() {
    let map = fs::read_to_string("src/ARCHITECTURE.md").expect("src/ARCHITECTURE.md");
    let missing: Vec<_> = map
        .split('`')
        .skip(1)
        .step_by(2)
        .filter(|word| word.ends_with(".rs") && word.contains('/') && !word.contains(['*', '<', '{']))
        .filter(|word| !Path::new("src").join(word).exists() && !Path::new(word).exists())
        .collect();
    assert!(missing.is_empty(), "src/ARCHITECTURE.md names files that do not exist: {missing:?}");
}

#[test]
fn the_thin_places_stay_thin() {
    for (path, lines_max) in [("src/main.rs", 60), ("src/domain/mod.rs", 80), ("src/domain/centre/mod.rs", 400)] {
        let lines = fs::read_to_string(path).unwrap_or_default().lines().count();
        assert!(lines <= lines_max, "{path} has {lines} lines, at most {lines_max}: a meeting place stays small");
    }
}

fn floor_of(module: &str) -> Option<u8> {
    FLOORS.iter().find(|(name, _)| *name == module).map(|(_, floor)| *floor)
}

/// Every source file but the tests' own.
fn sources() -> Vec<Source> {
    let mut found = BTreeMap::new();
    collect(Path::new("src"), &mut found);
    let tests: Vec<PathBuf> = found.iter().flat_map(|(path, text)| test_modules(path, text)).collect();
    found.retain(|path, _| !tests.iter().any(|test| path.with_extension("").starts_with(test)));
    found
        .into_iter()
        .map(|(path, text)| {
            let inside: Vec<String> = path
                .strip_prefix("src")
                .unwrap_or(&path)
                .with_extension("")
                .components()
                .map(|part| part.as_os_str().to_string_lossy().into_owned())
                .collect();
            let part = |index: usize| inside.get(index).cloned().unwrap_or_else(|| "mod".into());
            Source { module: part(0), area: part(1), path, text }
        })
        .collect()
}

/// Modules that a file declares under `#[cfg(test)]`, as paths without extension.
fn test_modules(path: &Path, text: &str) -> Vec<PathBuf> {
    let is_folder_file = path.file_name().is_some_and(|name| name == "mod.rs" || name == "lib.rs");
    let folder = if is_folder_file { path.parent().map(Path::to_owned).unwrap_or_default() } else { path.with_extension("") };
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    lines
        .windows(2)
        .filter(|pair| pair[0] == "#[cfg(test)]")
        .filter_map(|pair| {
            pair[1].split_once("mod ").and_then(|(_, name)| name.strip_suffix(';')).map(|name| folder.join(name))
        })
        .collect()
}

fn collect(folder: &Path, found: &mut BTreeMap<PathBuf, String>) {
    for entry in fs::read_dir(folder).expect("a folder of the source").flatten() {
        let path = entry.path();
        if path.is_dir() {
            collect(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&path).expect("a source file");
            found.insert(path, text);
        }
    }
}

/// Lines that are code: comments and everything from the tests on left out.
fn code_lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.lines()
        .enumerate()
        .take_while(|(_, line)| !line.starts_with("#[cfg(test)]"))
        .map(|(index, line)| (index + 1, line.split("//").next().unwrap_or(line)))
}

/// Whether the line holds the word, not as the beginning of a longer one.
fn names(line: &str, word: &str) -> bool {
    line.match_indices(word).any(|(at, _)| !line[at + word.len()..].starts_with(|c: char| c.is_alphanumeric() || c == '_'))
}

/// Every path below `crate` that the code names, as its segments, with the line.
fn imports(text: &str) -> Vec<(usize, Vec<String>)> {
    let mut found = Vec::new();
    let code: Vec<(usize, &str)> = code_lines(text).collect();
    let mut index = 0;
    while let Some((number, line)) = code.get(index) {
        if let Some(start) = line.find("crate::") {
            let mut statement = line[start + "crate::".len()..].to_owned();
            // `use crate::{ … };` may run over several lines.
            if line.trim_start().contains("use ") && !line.contains(';') {
                while let Some((_, next)) = code.get(index + 1) {
                    index += 1;
                    statement.push_str(next.trim());
                    if next.contains(';') {
                        break;
                    }
                }
            }
            expand(&statement, &mut Vec::new(), &mut |path| found.push((*number, path)));
        }
        index += 1;
    }
    found
}

/// `a::{b, c::d}` → `[a, b]`, `[a, c, d]`.
fn expand(text: &str, prefix: &mut Vec<String>, tell: &mut dyn FnMut(Vec<String>)) {
    let text = text.trim().trim_end_matches([';', ',']);
    if let Some(inner) = text.strip_prefix('{') {
        let inner = inner.rsplit_once('}').map_or(inner, |(inner, _)| inner);
        let (mut depth, mut start) = (0, 0);
        for (at, c) in inner.char_indices().chain([(inner.len(), ',')]) {
            match c {
                '{' => depth += 1,
                '}' => depth -= 1,
                ',' if depth == 0 => {
                    let item = inner[start..at.min(inner.len())].trim();
                    if !item.is_empty() {
                        expand(item, prefix, tell);
                    }
                    start = (at + 1).min(inner.len());
                }
                _ => {}
            }
        }
        return;
    }
    let name: String = text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
    let rest = &text[name.len()..];
    prefix.push(name);
    match rest.strip_prefix("::") {
        Some(rest) if !prefix.is_empty() => expand(rest, prefix, tell),
        Some(_) | None => tell(prefix.clone()),
    }
    prefix.pop();
}

#[test]
fn the_import_reader_reads_nested_uses() {
    let text = "use crate::{\n    domain::{call::{A, B}, Cx},\n    types::X,\n};\nfn f() { crate::net::g() }\n";
    let paths: Vec<String> = imports(text).into_iter().map(|(_, path)| path.join("::")).collect();
    assert_eq!(paths, ["domain::call::A", "domain::call::B", "domain::Cx", "types::X", "net::g"]);
}
