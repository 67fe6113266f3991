use std::rc::Rc;

use sandbox_runtime::{Items, Result, sandbox_api};

#[sandbox_api(host)]
pub trait Lines {
    fn lines(&self) -> Result<Items<String>>;
}

struct Text(Rc<[String]>);

impl Lines for Text {
    fn lines(&self) -> Result<Items<String>> {
        let lines = self.0.clone();
        Ok(Items::new((0..lines.len()).map(move |at| Ok(lines[at].clone()))))
    }
}

fn main() {}
