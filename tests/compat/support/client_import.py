"""Imports an image by the libraries behind the clients; prints the image's id.

The argument is JSON: `by` (openstacksdk or glanceclient), `method`, and what the method needs: `file`, `uri`, `image`
(copy-image), `region` and `source` (glance-download); `format` of a new image, `stores`. The cloud comes from OS_*.
"""

import json
import sys

import glanceclient
import openstack

job = json.loads(sys.argv[1])
cloud = openstack.connect()
method = job['method']
stores = job.get('stores')


def by_sdk():
    if method == 'copy-image':
        image = cloud.image.get_image(job['image'])
    else:
        image = cloud.image.create_image(job['by'], disk_format=job['format'], container_format='bare',
                                         allow_duplicates=True)
    if method == 'glance-direct':
        image = cloud.image.stage_image(image, filename=job['file'])
    if method == 'glance-download':
        # import_image of this version does not know remote images; send the request over its connection.
        remote = {'name': method, 'glance_region': job['region'], 'glance_image_id': job['source']}
        cloud.image.post(f'/images/{image.id}/import', json={'method': remote, 'stores': stores},
                         raise_exc=True)
    else:
        cloud.image.import_image(image, method=method, uri=job.get('uri'), stores=stores)
    return image.id


def by_glanceclient():
    images = glanceclient.Client('2', session=cloud.session, region_name=cloud.config.region_name).images
    image = images.create(name=job['by'], disk_format=job['format'], container_format='bare')
    images.image_import(image.id, method, remote_region=job['region'], remote_image_id=job['source'],
                        stores=stores)
    return image.id


print(by_sdk() if job['by'] == 'openstacksdk' else by_glanceclient())
