"""Adds an image service to Keystone's catalog; safe to repeat.

Arguments: KEYSTONE_URL PASSWORD IMAGE_URL REGION [TYPE]. TYPE defaults to image. Every server under test has a
region of its own, so that several can be in the catalog of one Keystone at the same time.
"""
import sys

from keystone_api import Keystone


def main(url, password, image_url, region, kind='image'):
    keystone = Keystone(url, password)
    if all(row['id'] != region for row in keystone.find('regions', '')):
        keystone.call('POST', '/regions', {'region': {'id': region}})
    services = keystone.find('services', 'type=' + kind)
    service = services[0]['id'] if services else keystone.call('POST', '/services', {
        'service': {'name': 'oneglance_' + kind, 'type': kind}})[0]['service']['id']
    known = {row['interface']: row for row in
             keystone.find('endpoints', 'service_id=%s&region_id=%s' % (service, region))}
    for interface in ('public', 'internal', 'admin'):
        if interface in known:
            keystone.call('PATCH', '/endpoints/' + known[interface]['id'], {'endpoint': {'url': image_url}})
        else:
            keystone.call('POST', '/endpoints', {'endpoint': {
                'service_id': service, 'interface': interface, 'region_id': region, 'url': image_url}})


main(*sys.argv[1:6])
