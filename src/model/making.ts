/** What is still being put together. Its members are set one by one where it is made thousands of times: spreading takes many times as long. */
export type Making<Value> = { -readonly [Key in keyof Value]: Value[Key] };
