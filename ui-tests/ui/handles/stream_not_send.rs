use std::rc::Rc;

use sandbox_runtime::{Items, Result, sandbox_api};

#[sandbox_api(host)]
pub trait Lines {
    fn lines(&self) -> Result<Items<String>>;
}

struct Text(Rc<[String]>);

struct Reader(Rc<[String]>, usize);

impl Iterator for Reader {
    type Item = Result<String>;

    fn next(&mut self) -> Option<Result<String>> {
        self.1 += 1;
        self.0.get(self.1 - 1).cloned().map(Ok)
    }
}

impl Lines for Text {
    fn lines(&self) -> Result<Items<String>> {
        Ok(Items::new(Reader(self.0.clone(), 0)))
    }
}

fn main() {}
