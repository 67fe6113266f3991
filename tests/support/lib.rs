//! Nothing: the library of a package of examples and tests. It is there for its features, which choose the engine;
//! trybuild hands them on to its cases only through a library.
