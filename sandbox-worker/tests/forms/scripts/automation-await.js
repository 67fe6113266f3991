// A step that waits: the body of an asynchronous function.
const delays = await Promise.all(inputData.steps.map(async (step) => step * 2));
output = { longest: Math.max(...delays), count: delays.length };
return output;
