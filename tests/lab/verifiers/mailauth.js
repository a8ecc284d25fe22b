// Verifies each message with mailauth: mailauth.js MODULE FILE... Prints its result for each, one a line.
'use strict';

const fs = require('fs');
const { dkimVerify } = require(process.argv[2] + '/lib/dkim/verify');

(async () => {
  for (const file of process.argv.slice(3)) {
    const { results } = await dkimVerify(fs.readFileSync(file));
    const status = results[0] ? results[0].status : { result: 'none' };
    console.log(status.result + ' ' + (status.comment || ''));
  }
})();
