//! Reads the documents that we write, in tests: strict where recorders are, and a stranger to the writer.

/// An element with what stands in it.
pub struct Element {
    pub name: String,
    pub attributes: Vec<(String, String)>,
    pub children: Vec<Element>,
    pub text: String,
}

impl Element {
    pub fn attribute(&self, name: &str) -> &str {
        let found = self.attributes.iter().find(|(named, _)| named == name);
        found.map(|(_, value)| value.as_str()).unwrap_or_else(|| panic!("no {name} in {}", self.name))
    }

    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Element> {
        self.children.iter().filter(move |child| child.name == name)
    }

    pub fn child(&self, name: &str) -> &Element {
        self.children.iter().find(|child| child.name == name).unwrap_or_else(|| panic!("no {name} in {}", self.name))
    }
}

/// The one element of a well-formed document; anything else fails the test.
pub fn read(document: &str) -> Element {
    let rest = document.strip_prefix("<?xml version=\"1.0\" encoding=\"UTF-8\"?>").expect("a declaration");
    let is_allowed = |c: char| matches!(c, '\t' | '\n' | '\r') || (c >= ' ' && c != '\u{fffe}' && c != '\u{ffff}');
    assert!(rest.chars().all(is_allowed), "XML 1.0 2.2: {document:?}");
    let (element, rest) = element(rest.trim_start());
    assert_eq!(rest.trim(), "", "something behind the document");
    element
}

fn element(text: &str) -> (Element, &str) {
    let inside = text.strip_prefix('<').unwrap_or_else(|| panic!("no element: {text}"));
    let (tag, mut rest) = inside.split_once('>').expect("the end of a tag");
    let (tag, is_empty) = tag.strip_suffix('/').map_or((tag, false), |tag| (tag, true));
    let (name, mut attributes_left) = tag.split_once(' ').unwrap_or((tag, ""));
    let mut found = Element { name: name.to_owned(), attributes: Vec::new(), children: Vec::new(), text: String::new() };
    while !attributes_left.trim().is_empty() {
        let (name, value) = attributes_left.trim_start().split_once("=\"").expect("an attribute");
        let (value, left) = value.split_once('"').expect("the end of an attribute");
        assert!(found.attributes.iter().all(|(known, _)| known != name), "{name} twice");
        found.attributes.push((name.to_owned(), unescaped(value)));
        attributes_left = left;
    }
    if is_empty {
        return (found, rest);
    }
    loop {
        let (before, _) = rest.split_once('<').expect("the end of an element");
        found.text.push_str(&unescaped(before));
        rest = &rest[before.len()..];
        if let Some(end) = rest.strip_prefix("</") {
            let (name, rest) = end.split_once('>').expect("the end of a tag");
            assert_eq!(name, found.name);
            return (found, rest);
        }
        let (child, left) = element(rest);
        found.children.push(child);
        rest = left;
    }
}

fn unescaped(text: &str) -> String {
    assert!(!text.contains(['<', '>', '"', '\'']), "{text}");
    let mut pieces = text.split('&');
    let mut out = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let (name, rest) = piece.split_once(';').unwrap_or_else(|| panic!("a bare & in {text}"));
        out.push(match name {
            "amp" => '&',
            "lt" => '<',
            "gt" => '>',
            "quot" => '"',
            "apos" => '\'',
            unknown => panic!("&{unknown};"),
        });
        out.push_str(rest);
    }
    out
}
