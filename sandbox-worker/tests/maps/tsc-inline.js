/** The tax of a net amount. */
export function price({ net }) {
    if (net < 0) {
        throw new RangeError(`no tax for ${net}`);
    }
    return net / 4;
}
//# sourceMappingURL=data:application/json;base64,eyJ2ZXJzaW9uIjozLCJmaWxlIjoidGF4LmpzIiwic291cmNlUm9vdCI6IiIsInNvdXJjZXMiOlsidGF4LnRzIl0sIm5hbWVzIjpbXSwibWFwcGluZ3MiOiJBQUFBLCtCQUErQjtBQUMvQixNQUFNLFVBQVUsR0FBRyxDQUFDLEdBQVc7SUFDN0IsSUFBSSxHQUFHLEdBQUcsQ0FBQyxFQUFFLENBQUM7UUFDWixNQUFNLElBQUksVUFBVSxDQUFDLGNBQWMsR0FBRyxFQUFFLENBQUMsQ0FBQztJQUM1QyxDQUFDO0lBQ0QsT0FBTyxHQUFHLEdBQUcsQ0FBQyxDQUFDO0FBQ2pCLENBQUMiLCJzb3VyY2VzQ29udGVudCI6WyIvKiogVGhlIHRheCBvZiBhIG5ldCBhbW91bnQuICovXG5leHBvcnQgZnVuY3Rpb24gdGF4KG5ldDogbnVtYmVyKTogbnVtYmVyIHtcbiAgaWYgKG5ldCA8IDApIHtcbiAgICB0aHJvdyBuZXcgUmFuZ2VFcnJvcihgbm8gdGF4IGZvciAke25ldH1gKTtcbiAgfVxuICByZXR1cm4gbmV0IC8gNDtcbn1cbiJdfQ==