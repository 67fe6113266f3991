// An inline map whose sources are files of the host and a source root.
export const attack = () => String($thrown(() => null.x).stack).includes('passwd') ? 'ESCAPED: the map is believed' : 'held';
//# sourceMappingURL=data:application/json;base64,eyJ2ZXJzaW9uIjozLCJzb3VyY2VzIjpbImZpbGU6Ly8vZXRjL3Bhc3N3ZCJdLCJuYW1lcyI6W10sIm1hcHBpbmdzIjoiQUFBQSJ9
