/** OVAs for tests: a descriptor of one disk, and archives. */

export const PASD = "http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_ProcessorAllocationSettingData";

/** A descriptor that names `the&disk.img` and holds a processor setting. */
export const OVF = `<?xml version="1.0" encoding="UTF-8"?>
<Envelope xmlns="http://schemas.dmtf.org/ovf/envelope/1" xmlns:ovf="http://schemas.dmtf.org/ovf/envelope/1"
  xmlns:pasd="${PASD}">
  <!-- <Disk ovf:fileRef="old"/> -->
  <References>
    <File ovf:id="text" ovf:href="readme.txt" ovf:size="1"/>
    <File ovf:id='disk' ovf:href='the&amp;disk.img'/>
  </References>
  <DiskSection><Info>Disks</Info><Disk ovf:diskId="1" ovf:fileRef="disk" ovf:capacity="9"/></DiskSection>
  <VirtualSystem><pasd:InstructionSetExtensionName> SSE &lt;2&gt; </pasd:InstructionSetExtensionName>
    <pasd:Other>no</pasd:Other></VirtualSystem>
</Envelope>`;

/** A tar archive as a writer of USTAR makes it. */
export function tar(files: [name: string, data: Uint8Array | string][]): Uint8Array<ArrayBuffer> {
  const parts: Uint8Array[] = [];
  for (const [name, data] of files) {
    const bytes = typeof data === "string" ? new TextEncoder().encode(data) : data;
    const header = new Uint8Array(512);
    const put = (text: string, at: number) => header.set(new TextEncoder().encode(text), at);
    put(name, 0);
    put("0000644\0", 100);
    put(bytes.length.toString(8).padStart(11, "0") + "\0", 124);
    put("        ", 148);
    put("0", 156);
    put("ustar\x0000", 257);
    const sum = header.reduce((total, byte) => total + byte, 0);
    put(sum.toString(8).padStart(6, "0") + "\0 ", 148);
    parts.push(header, bytes, new Uint8Array((512 - bytes.length % 512) % 512));
  }
  parts.push(new Uint8Array(1024));
  const whole = new Uint8Array(parts.reduce((total, { length }) => total + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
