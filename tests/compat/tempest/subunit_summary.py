"""Prints how the tests of a subunit stream (version 2, on standard input) ended.

Arguments: EXPECTED OUT. EXPECTED holds one line `PATTERN  FEATURE` for tests that need a feature of later: their
failures are printed apart and do not count. Writes OUT/failures.txt with the tracebacks. The last line is the count;
the exit code is 1 when a test failed that EXPECTED does not name, or when nothing ran.
"""
import fnmatch
import sys

import subunit
import testtools

FAILED = ('fail', 'uxsuccess', 'inprogress')


def read_expected(path):
    with open(path) as file:
        lines = (line.split('#')[0].split(None, 1) for line in file)
        return [(parts[0], parts[1].strip() if len(parts) > 1 else '') for parts in lines if parts]


def read_tests(stream):
    tests = []
    result = testtools.StreamToDict(tests.append)
    result.startTestRun()
    subunit.ByteStreamToStreamResult(stream, non_subunit_name='text').run(result)
    result.stopTestRun()
    return [test for test in tests if test['id'] not in (None, 'text') and test['status'] != 'exists']


def details_of(test):
    return '\n'.join('--- %s\n%s' % (name, detail.as_text()[-5000:]) for name, detail in sorted(test['details'].items())
                     if detail.content_type.type == 'text')


def reason_of(test):
    lines = [line.strip() for name in ('traceback', 'traceback-1', 'reason') if name in test['details']
             for line in test['details'][name].as_text().splitlines() if line.strip()]
    return lines[-1][:300] if lines else ''


def feature_of(name, expected):
    return next((feature for pattern, feature in expected if fnmatch.fnmatchcase(name, pattern)), None)


def main(expected_path, out):
    expected = read_expected(expected_path)
    tests = sorted(read_tests(sys.stdin.buffer), key=lambda test: test['id'])
    passed = [test for test in tests if test['status'] in ('success', 'xfail')]
    skipped = [test for test in tests if test['status'] == 'skip']
    failed = [test for test in tests if test['status'] in FAILED]
    later = [test for test in failed if feature_of(test['id'].split('[')[0], expected) is not None]
    real = [test for test in failed if test not in later]

    with open(out + '/failures.txt', 'w') as file:
        for test in failed:
            file.write('%s\n%s\n%s\n' % ('=' * 100, test['id'], details_of(test)))
    for test in later:
        print('later (%s): %s' % (feature_of(test['id'].split('[')[0], expected), test['id']))
    for test in passed:
        if feature_of(test['id'].split('[')[0], expected) is not None:
            print('passes although expected.txt names it: %s' % test['id'])
    for test in skipped:
        print('skipped: %s: %s' % (test['id'], reason_of(test)))
    for test in real:
        print('FAILED: %s: %s' % (test['id'], reason_of(test)))
    print('%d passed, %d failed, %d skipped, %d of later features failed' % (
        len(passed), len(real), len(skipped), len(later)))
    return 1 if real or not passed else 0


sys.exit(main(*sys.argv[1:3]))
