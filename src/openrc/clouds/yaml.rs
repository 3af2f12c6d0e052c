//! YAML, and JSON as the part of it that it is: texts with their places. What PyYAML, which `openstack` reads these files by,
//! takes for something else than the text that is written is told apart. Bounded in size, depth and what aliases come to.
//!
//! A fault never quotes the file: the parser's own words may hold a piece of it, so only its position is taken. The parser
//! builds each text in a buffer of its own; the one that reaches us is wiped, what it left behind while it grew is not ours.

use std::borrow::Cow;
use std::rc::Rc;

use saphyr_parser::{Event, Parser, ScalarStyle, Span as Stretch, Tag};
use zeroize::{Zeroize, Zeroizing};

use super::scalar::{self, Scalar};
use crate::openrc::place::{Place, Reason, Refusal};
use crate::openrc::source::FILE_LEN_MAX;
use crate::openrc::text::Text;

/// A clouds.yaml has five levels.
const DEPTH_MAX: usize = 32;

/// A file of the largest size that holds nothing but short texts.
const NODES_MAX: usize = 50_000;

/// What `<<` may copy: anchors that hold anchors multiply.
const MERGED_MAX: usize = 10_000;

#[derive(Debug)]
pub(crate) struct Node {
    pub(crate) place: Place,
    pub(crate) kind: Kind,
}

#[derive(Debug)]
pub(crate) enum Kind {
    Scalar(Scalar),
    List(Vec<Rc<Node>>),
    /// In the file's order; of equal keys the last counts.
    Map(Vec<(Text, Rc<Node>)>),
}

impl Node {
    pub(crate) fn get(&self, key: &str) -> Option<&Rc<Node>> {
        self.entries().iter().rev().find(|(other, _)| other.bytes() == key.as_bytes()).map(|(_, node)| node)
    }

    /// Of a map; nothing else has any.
    pub(crate) fn entries(&self) -> &[(Text, Rc<Node>)] {
        match &self.kind {
            Kind::Map(entries) => entries,
            _ => &[],
        }
    }

    pub(crate) fn text(&self) -> Option<&str> {
        match &self.kind {
            Kind::Scalar(Scalar::Text(text)) => text.str(),
            _ => None,
        }
    }

    pub(crate) fn is_null(&self) -> bool {
        matches!(self.kind, Kind::Scalar(Scalar::Null))
    }
}

/// The one document of the text; `None` for an empty one. `file` is the number of the file in places.
pub(crate) fn read(bytes: &[u8], is_json: bool, file: u16) -> Result<Option<Rc<Node>>, Refusal> {
    let start = Place { file, line: 1, column: 1 };
    if bytes.len() > FILE_LEN_MAX {
        let what = format!("the file is larger than {} KiB", FILE_LEN_MAX / 1024);
        return Err(refusal(start, Reason::TooLarge, &what));
    }
    let text = std::str::from_utf8(bytes)
        .map_err(|_| refusal(start, Reason::Syntax, "the file is no UTF-8 text"))?
        .trim_start_matches('\u{feff}');
    if text.contains('\0') {
        return Err(refusal(start, Reason::NulByte, "the file holds a NUL byte"));
    }
    let spaced;
    let text = match is_json && text.contains('\t') {
        true => {
            spaced = without_tabs(text);
            spaced.as_str()
        }
        false => text,
    };
    Builder {
        text,
        file,
        open: Vec::new(),
        anchors: Vec::new(),
        document: None,
        nodes: 0,
        merged: 0,
        is_json,
    }
    .build()
}

/// JSON may be indented by tabs, YAML may not. Inside of its texts JSON has none.
fn without_tabs(text: &str) -> Zeroizing<String> {
    Zeroizing::new(text.chars().map(|c| if c == '\t' { ' ' } else { c }).collect())
}

fn refusal(place: Place, reason: Reason, what: &str) -> Refusal {
    Refusal { place, reason, what: what.to_owned(), hint: None }
}

/// A list or a map that is not at its end.
struct Open {
    place: Place,
    anchor: usize,
    is_map: bool,
    /// Of a map: keys and values in turn.
    nodes: Vec<Rc<Node>>,
}

struct Builder<'t> {
    text: &'t str,
    file: u16,
    open: Vec<Open>,
    /// By the parser's numbers.
    anchors: Vec<Option<Rc<Node>>>,
    document: Option<Rc<Node>>,
    nodes: usize,
    merged: usize,
    is_json: bool,
}

impl<'t> Builder<'t> {
    fn build(mut self) -> Result<Option<Rc<Node>>, Refusal> {
        let mut parser = Parser::new_from_str(self.text);
        let mut documents = 0;
        while let Some(event) = parser.next_event() {
            let (event, stretch) = match event {
                Ok(event) => event,
                // Its words may quote the file.
                Err(error) => return Err(self.broken(*error.marker())),
            };
            let place = self.place(stretch);
            match event {
                Event::DocumentStart(_) if documents > 0 => {
                    return Err(refusal(
                        place,
                        Reason::Syntax,
                        "a second document begins here; only one is read",
                    ));
                }
                Event::DocumentStart(_) => documents += 1,
                Event::Alias(anchor) => {
                    let node = self.anchors.get(anchor).cloned().flatten();
                    let node = node.ok_or_else(|| {
                        refusal(place, Reason::Loop, "this alias stands inside of what it means")
                    })?;
                    self.add(node, 0)?;
                }
                Event::Scalar(value, style, anchor, tag) => {
                    let node = scalar_node(place, value, style, tag.as_deref(), self.is_json);
                    self.add(Rc::new(node), anchor)?;
                }
                Event::SequenceStart(anchor, _) => self.begin(place, anchor, false)?,
                Event::MappingStart(anchor, _) => self.begin(place, anchor, true)?,
                Event::SequenceEnd | Event::MappingEnd => self.end()?,
                Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => {}
            }
        }
        Ok(self.document.filter(|document| !document.is_null()))
    }

    fn begin(&mut self, place: Place, anchor: usize, is_map: bool) -> Result<(), Refusal> {
        if self.open.len() == DEPTH_MAX {
            let what = format!("lists and maps stand in each other more than {DEPTH_MAX} deep");
            return Err(refusal(place, Reason::TooDeep, &what));
        }
        self.open.push(Open { place, anchor, is_map, nodes: Vec::new() });
        Ok(())
    }

    fn end(&mut self) -> Result<(), Refusal> {
        let Some(Open { place, anchor, is_map, nodes }) = self.open.pop() else { return Ok(()) };
        let kind = if is_map { Kind::Map(self.entries(nodes)?) } else { Kind::List(nodes) };
        self.add(Rc::new(Node { place, kind }), anchor)
    }

    /// What `<<` brings goes first, so that the map's own keys win, and of several maps the first.
    fn entries(&mut self, nodes: Vec<Rc<Node>>) -> Result<Vec<(Text, Rc<Node>)>, Refusal> {
        let mut own = Vec::new();
        let mut merged = Vec::new();
        for pair in nodes.chunks_exact(2) {
            let (key, value) = (&pair[0], &pair[1]);
            match &key.kind {
                Kind::Scalar(Scalar::Merge) => {
                    let maps = match &value.kind {
                        Kind::List(maps) => maps.as_slice(),
                        _ => std::slice::from_ref(value),
                    };
                    for map in maps.iter().rev() {
                        self.merged += map.entries().len();
                        if self.merged > MERGED_MAX {
                            let what = "the maps that << brings in come to too much";
                            return Err(refusal(key.place, Reason::TooMuchWork, what));
                        }
                        merged.extend(map.entries().iter().map(|(key, node)| (key.clone(), Rc::clone(node))));
                    }
                }
                Kind::Scalar(Scalar::Text(text)) => own.push((text.clone(), Rc::clone(value))),
                // A key that is no text names nothing that is looked for.
                _ => {}
            }
        }
        merged.extend(own);
        Ok(merged)
    }

    fn add(&mut self, node: Rc<Node>, anchor: usize) -> Result<(), Refusal> {
        self.nodes += 1;
        if self.nodes > NODES_MAX {
            let what = format!("the file holds more than {NODES_MAX} values");
            return Err(refusal(node.place, Reason::TooMuchWork, &what));
        }
        if anchor > 0 {
            if self.anchors.len() <= anchor {
                self.anchors.resize(anchor + 1, None);
            }
            self.anchors[anchor] = Some(Rc::clone(&node));
        }
        match self.open.last_mut() {
            Some(open) => open.nodes.push(node),
            None => self.document = Some(node),
        }
        Ok(())
    }

    fn place(&self, stretch: Stretch) -> Place {
        self.mark(stretch.start)
    }

    fn mark(&self, mark: saphyr_parser::Marker) -> Place {
        Place { file: self.file, line: mark.line().max(1) as u32, column: mark.col() as u32 + 1 }
    }

    /// Where the parser gave up, in words of our own.
    fn broken(&self, mark: saphyr_parser::Marker) -> Refusal {
        let place = self.mark(mark);
        let line = self.text.lines().nth(place.line as usize - 1).unwrap_or("");
        let blanks = &line[..line.len() - line.trim_start().len()];
        let what = match blanks.contains('\t') {
            true => "a tab indents this line; YAML wants blanks",
            false => "from here on this is no YAML (an indent, a quote or a bracket that does not match?)",
        };
        refusal(place, Reason::Syntax, what)
    }
}

fn scalar_node(
    place: Place,
    value: Cow<'_, str>,
    style: ScalarStyle,
    tag: Option<&Tag>,
    is_json: bool,
) -> Node {
    let is_text_tag = tag.is_some_and(|tag| tag.is_yaml_core_schema() && tag.suffix == "str");
    let scalar = match (tag, style) {
        (Some(_), _) if !is_text_tag => Scalar::Other("a value with a tag"),
        // To JSON this is a number, and not as it is written.
        (None, ScalarStyle::Plain)
            if is_json
                && value.contains(['e', 'E'])
                && value.starts_with(|c: char| c == '-' || c.is_ascii_digit()) =>
        {
            Scalar::Other("a number that is read otherwise than it is written; put it in quotes")
        }
        (None, ScalarStyle::Plain) => scalar::plain(&value),
        _ => Scalar::Text(Text::of(value.as_bytes())),
    };
    if let Cow::Owned(mut owned) = value {
        owned.zeroize();
    }
    Node { place, kind: Kind::Scalar(scalar) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> Refusal {
        read(text.as_bytes(), false, 0).unwrap_err()
    }

    #[test]
    fn own_keys_win_over_merged_ones_and_the_first_of_several_maps_over_the_next() {
        let text = "x: &x {a: 1, b: 1, c: 1}\ny: &y {b: 2, d: 2}\nz: {c: 3, <<: [*x, *y]}\n";
        let root = read(text.as_bytes(), false, 0).unwrap().unwrap();
        let z = root.get("z").unwrap();
        let of = |key: &str| z.get(key).and_then(|node| node.text()).map(str::to_owned);
        assert_eq!(["a", "b", "c", "d"].map(of), ["1", "1", "3", "2"].map(|text| Some(text.to_owned())));
    }

    #[test]
    fn places_are_those_of_the_file() {
        let root = read("é: {é: ada}\n".as_bytes(), false, 3).unwrap().unwrap();
        let node = root.get("é").and_then(|node| node.get("é")).unwrap();
        assert_eq!(node.place, Place { file: 3, line: 1, column: 8 });
    }

    #[test]
    fn aliases_that_multiply_come_to_an_end() {
        let mut laughs = String::from("a0: &a0 {x: lol}\n");
        for n in 1..25 {
            laughs.push_str(&format!("a{n}: &a{n} [{}]\n", vec![format!("*a{}", n - 1); 10].join(", ")));
        }
        assert!(read(laughs.as_bytes(), false, 0).is_ok(), "they are shared, not copied");
        let mut merges = String::from("a0: &a0 {x: lol, y: lol}\n");
        for n in 1..20 {
            merges
                .push_str(&format!("a{n}: &a{n} {{<<: [{}]}}\n", vec![format!("*a{}", n - 1); 4].join(", ")));
        }
        assert_eq!(refused(&merges).reason, Reason::TooMuchWork);
        assert_eq!(refused("a: &a [*a]\n").reason, Reason::Loop);
        assert_eq!(refused(&"[".repeat(100)).reason, Reason::TooDeep);
    }

    #[test]
    fn what_is_broken_is_said_with_its_place_and_never_quoted() {
        for text in [
            "a: 'canary\n",
            "a: \"canary\\q\"\n",
            "a: [canary\n",
            "a: b: canary\n",
            "a: *canary\n",
            "a:\n\tcanary: 1\n",
        ] {
            let refusal = refused(text);
            assert!(!format!("{refusal} {refusal:?}").contains("canary"), "{text:?}: {refusal}");
        }
        assert!(refused("a:\n\tb: 1\n").what.contains("tab"));
    }

    #[test]
    fn json_may_be_indented_by_tabs() {
        let root = read(b"{\n\t\"a\": {\n\t\t\"b\":\"c\\u00e9\\/\"\n\t}\n}\n", true, 0).unwrap().unwrap();
        assert_eq!(root.get("a").and_then(|a| a.get("b")).and_then(|b| b.text()), Some("cé/"));
    }

    #[test]
    fn a_hostile_file_of_the_largest_size_comes_to_an_end() {
        for piece in [
            "[",
            "{",
            "- ",
            "? ",
            "a: ",
            "&a ",
            "*a ",
            "!x ",
            "'",
            "\"\\u00e9",
            "|\n",
            "- - [",
            "a: {",
            "#",
            "%",
            "--- ",
            "\t",
            " ",
            "a\n",
            "- a\n",
            "? a\n",
            "a: &a b\n",
            "{a: [",
            "\"a\":\"b\",",
            "<<: ",
            "\u{85}",
            "\u{2028}",
            ":",
            ",",
            "]",
        ] {
            let text = piece.repeat(FILE_LEN_MAX / piece.len());
            let _ = read(text.as_bytes(), false, 0);
            let _ = read(format!("{{\"a\": {text}").as_bytes(), true, 0);
        }
    }
}
